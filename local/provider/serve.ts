import * as grpc from "@grpc/grpc-js";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { type JavaScriptValue, Struct } from "google-protobuf/google/protobuf/struct_pb";
import { assetReader } from "../evaluate/read-assets";
import type { Properties } from "../evaluate/wire";
import { withProposedName } from "./autonaming";
import { constructComponent } from "./construct";
import { createProvider, type ProviderOptions, type ResourceName } from "./provider";
import { type IResourceProviderServer, messages, PluginInfo, ResourceProviderService } from "./pulumi-protocol";
import { refuseOtherStacks } from "./stack-guard";

export interface ServeOptions extends Omit<ProviderOptions, "assets"> {
  /** Name of the only stack that is served. */
  readonly stack: string;
  /** Base folder of relative paths in assets: that of the program. */
  readonly directory: string;
}

export interface ServedProvider {
  readonly port: number;
  /** Environment with which a `pulumi` command uses this provider for the packages `aws` and `awsx`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Number of resources in this process. */
  count(): number;
  /** Whether a destroy left nothing but retained resources. */
  isDestroyed(): boolean;
  close(): void;
}

/** The engine warns when a program's SDK is newer than its provider. This version is newer than every SDK of the major version. */
const VERSION = "7.999.0";
/** The SDK's limit. gRPC's default of 4 MB is too small for a bundle. */
const MESSAGE_LIMIT = 1024 ** 2 * 400;

/**
 * Serves the resource handlers to the Pulumi engine as its `aws` provider, on a loopback port. It implements the protocol
 * (github.com/pulumi/pulumi, proto/pulumi/provider.proto) directly, because `@pulumi/pulumi/provider` hides the preview flag
 * and the old inputs, and never closes.
 */
export async function serveProvider({ stack, directory, ...options }: ServeOptions): Promise<ServedProvider> {
  const provider = createProvider({ ...options, assets: assetReader(directory) });
  const named = (request: { getUrn(): string; getType(): string; getName(): string }): ResourceName => {
    const urn = request.getUrn();
    refuseOtherStacks(urn, stack);
    const [, , types = "", ...name] = urn.split("::");
    return { urn, type: types.slice(types.lastIndexOf("$") + 1), name: name.join("::") };
  };

  const service: Partial<IResourceProviderServer> = {
    handshake: unary(async () => {
      const response = new messages.ProviderHandshakeResponse();
      response.setAcceptSecrets(true).setSupportsAutonamingConfiguration(true);
      return response;
    }),
    attach: unary(async () => new Empty()),
    cancel: unary(async () => new Empty()),
    getPluginInfo: unary(async () => new PluginInfo().setVersion(VERSION)),
    getSchema: unary(async () => new messages.GetSchemaResponse().setSchema('{"name":"aws"}')),
    checkConfig: unary(async (request: messages.CheckRequest) => {
      named(request);
      return new messages.CheckResponse().setInputs(request.getNews());
    }),
    diffConfig: unary(async (request: messages.DiffRequest) => {
      named(request);
      return new messages.DiffResponse().setChanges(messages.DiffResponse.DiffChanges.DIFF_NONE);
    }),
    configure: unary(async (request: messages.ConfigureRequest) => {
      const urn = request.getUrn();
      if (urn) refuseOtherStacks(urn, stack);
      return new messages.ConfigureResponse()
        .setAcceptsecrets(true)
        .setSupportspreview(true)
        .setSupportsAutonamingConfiguration(true);
    }),
    invoke: unary(async (request: messages.InvokeRequest) =>
      new messages.InvokeResponse().setReturn(struct(provider.invoke(request.getTok(), properties(request.getArgs())))),
    ),
    check: unary(async (request: messages.CheckRequest) => {
      const { type } = named(request);
      const [inputs, before] = [properties(request.getNews()), properties(request.getOlds())];
      const checked = withProposedName(type, inputs, before, request.getAutonaming());
      return new messages.CheckResponse().setInputs(struct(checked));
    }),
    diff: unary(async (request: messages.DiffRequest) => {
      const { changed, replaces } = provider.diff(
        named(request),
        request.getId(),
        properties(request.getOldInputs()),
        properties(request.getNews()),
      );
      const { DIFF_SOME, DIFF_NONE } = messages.DiffResponse.DiffChanges;
      return new messages.DiffResponse()
        .setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE)
        .setDiffsList([...changed])
        .setReplacesList([...replaces]);
    }),
    create: unary(async (request: messages.CreateRequest) => {
      const created = await provider.create(named(request), properties(request.getProperties()), request.getPreview());
      return new messages.CreateResponse().setId(created.id).setProperties(struct(created.properties));
    }),
    read: unary(async (request: messages.ReadRequest) => {
      const state = await provider.read(named(request), request.getId(), properties(request.getProperties()));
      const response = new messages.ReadResponse();
      if (state === undefined) return response;
      return response
        .setId(request.getId())
        .setProperties(struct(state))
        .setInputs(request.getInputs() ?? struct(state));
    }),
    update: unary(async (request: messages.UpdateRequest) => {
      const state = await provider.update(
        named(request),
        request.getId(),
        properties(request.getOlds()),
        properties(request.getNews()),
        request.getPreview(),
      );
      return new messages.UpdateResponse().setProperties(struct(state));
    }),
    construct: unary(async (request: messages.ConstructRequest) => {
      const [type, name] = [request.getType(), request.getName()];
      refuseOtherStacks(`urn:pulumi:${request.getStack()}::${request.getProject()}::${type}::${name}`, stack);
      return constructComponent(request, async (urn) => {
        const created = await provider.create({ urn, type, name }, properties(request.getInputs()), false);
        return struct(created.properties);
      });
    }),
    delete: unary(async (request: messages.DeleteRequest) => {
      await provider.delete(named(request), request.getId(), properties(request.getProperties()));
      return new Empty();
    }),
  };

  const server = new grpc.Server({
    "grpc.max_receive_message_length": MESSAGE_LIMIT,
    "grpc.max_send_message_length": MESSAGE_LIMIT,
  });
  server.addService(ResourceProviderService, service as grpc.UntypedServiceImplementation);
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return {
    port,
    environment: { PULUMI_DEBUG_PROVIDERS: `aws:${port},awsx:${port}` },
    count: provider.count,
    isDestroyed: provider.isDestroyed,
    close: () => server.forceShutdown(),
  };
}

function unary<Request, Response>(
  work: (request: Request) => Promise<Response>,
): grpc.handleUnaryCall<Request, Response> {
  return ({ request }, callback) => {
    work(request).then(
      (response) => callback(null, response),
      (error: Error) => callback({ code: grpc.status.UNKNOWN, details: error.message }),
    );
  };
}

function properties(value: Struct | undefined): Properties {
  return (value?.toJavaScript() ?? {}) as Properties;
}

function struct(values: Properties): Struct {
  return Struct.fromJavaScript(values as Record<string, JavaScriptValue>);
}
