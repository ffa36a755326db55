/**
 * The messages of Pulumi's engine protocol. The build bundles this file, so that the package works without `@pulumi/pulumi`: programs in
 * other languages do not have it.
 */
export { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
export { type IResourceProviderServer, ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
export * as messages from "@pulumi/pulumi/proto/provider_pb";
export { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
export * as registrations from "@pulumi/pulumi/proto/resource_pb";
