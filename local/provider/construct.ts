import * as grpc from "@grpc/grpc-js";
import type { ConstructRequest } from "@pulumi/pulumi/proto/provider_pb";
import { ConstructResponse } from "@pulumi/pulumi/proto/provider_pb";
import { ResourceMonitorClient } from "@pulumi/pulumi/proto/resource_grpc_pb";
import {
  RegisterResourceOutputsRequest,
  RegisterResourceRequest,
  type RegisterResourceResponse,
} from "@pulumi/pulumi/proto/resource_pb";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";

/**
 * Constructs a remote component such as `awsx:ec2:Vpc`: the provider registers it with the engine, here without the children
 * that it has in AWS. In a preview its outputs are unknown.
 */
export async function constructComponent(
  request: ConstructRequest,
  outputsOf: (urn: string) => Promise<Struct>,
): Promise<ConstructResponse> {
  const monitor = new ResourceMonitorClient(request.getMonitorendpoint(), grpc.credentials.createInsecure());
  try {
    const component = new RegisterResourceRequest()
      .setType(request.getType())
      .setName(request.getName())
      .setParent(request.getParent())
      .setObject(request.getInputs())
      .setAcceptsecrets(true)
      .setAcceptresources(true)
      .setAliasesList(request.getAliasesList())
      .setDependenciesList(request.getDependenciesList());
    const registered = await new Promise<RegisterResourceResponse>((resolve, reject) => {
      monitor.registerResource(component, (error, response) => (error ? reject(error) : resolve(response)));
    });
    const response = new ConstructResponse().setUrn(registered.getUrn());
    if (request.getDryrun()) return response;
    const outputs = await outputsOf(registered.getUrn());
    const named = new RegisterResourceOutputsRequest().setUrn(registered.getUrn()).setOutputs(outputs);
    await new Promise<void>((resolve, reject) => {
      monitor.registerResourceOutputs(named, (error) => (error ? reject(error) : resolve()));
    });
    return response.setState(outputs);
  } finally {
    monitor.close();
  }
}
