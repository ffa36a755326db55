import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as messages from "@pulumi/pulumi/proto/provider_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { type ServedProvider, serveProvider } from "../../../local/provider/serve";
import { cloud, fakeHandlers } from "../evaluate/fake-handlers";

const QUEUE = "aws:sqs/queue:Queue";
const urnIn = (stack: string) => `urn:pulumi:${stack}::prices::my:app:App$${QUEUE}::ticks`;

/** The common part of all requests for a resource. */
interface Named {
  setUrn(urn: string): unknown;
  setType(type: string): unknown;
  setName(name: string): unknown;
}

const plain = (struct: Struct | undefined) => (struct?.toJavaScript() ?? {}) as Record<string, unknown>;

describe("serveProvider", () => {
  const fakes = fakeHandlers();
  let served: ServedProvider;
  let client: ResourceProviderClient;

  before(async () => {
    served = await serveProvider({
      cloud,
      resourceHandlers: fakes.resourceHandlers,
      stack: "local",
      directory: __dirname,
      report: () => {},
    });
    client = new ResourceProviderClient(`127.0.0.1:${served.port}`, grpc.credentials.createInsecure());
  });
  after(() => {
    client.close();
    served.close();
  });
  beforeEach(() => {
    fakes.calls.length = 0;
    fakes.created.length = 0;
  });

  function name<Request extends Named>(request: Request, stack: string): Request {
    request.setUrn(urnIn(stack));
    request.setType(QUEUE);
    request.setName("ticks");
    return request;
  }
  const call = <Request, Response>(
    method: (request: Request, callback: (error: grpc.ServiceError | null, response: Response) => void) => unknown,
    request: Request,
  ) =>
    new Promise<Response>((resolve, reject) => {
      method.call(client, request, (error, response) => (error ? reject(error) : resolve(response)));
    });

  const calls: Readonly<Record<string, (stack: string) => Promise<unknown>>> = {
    checkConfig: (stack) => call(client.checkConfig, name(new messages.CheckRequest(), stack)),
    diffConfig: (stack) => call(client.diffConfig, name(new messages.DiffRequest(), stack)),
    configure: (stack) => call(client.configure, name(new messages.ConfigureRequest(), stack)),
    check: (stack) => call(client.check, name(new messages.CheckRequest(), stack)),
    diff: (stack) => call(client.diff, name(new messages.DiffRequest(), stack)),
    create: (stack) => call(client.create, name(new messages.CreateRequest(), stack)),
    read: (stack) => call(client.read, name(new messages.ReadRequest(), stack)),
    update: (stack) => call(client.update, name(new messages.UpdateRequest(), stack)),
    delete: (stack) => call(client.delete, name(new messages.DeleteRequest(), stack)),
  };

  for (const [method, ask] of Object.entries(calls)) {
    it(`rejects ${method} for another stack and serves its own stack`, async () => {
      for (const stack of ["prod", "local2", "Local"]) {
        await assert.rejects(ask(stack), /Expected a resource of the stack "local", got urn:pulumi:/);
      }
      assert.deepEqual(fakes.calls, []);
      await ask("local");
    });
  }

  it("uses the last type of a URN", async () => {
    await calls.create?.("local");
    assert.deepEqual(
      fakes.created.map(({ type, name, urn }) => ({ type, name, urn })),
      [{ type: QUEUE, name: "ticks", urn: urnIn("local") }],
    );
  });

  it("sends a secret input back as a secret", async () => {
    const secret = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", value: "sesame" };
    const request = name(new messages.CreateRequest(), "local");
    request.setProperties(Struct.fromJavaScript({ policy: secret, delaySeconds: 3 }));
    const { policy, delaySeconds } = plain(
      (await call<messages.CreateRequest, messages.CreateResponse>(client.create, request)).getProperties(),
    );
    assert.deepEqual({ policy, delaySeconds }, { policy: secret, delaySeconds: 3 });
    assert.equal(fakes.created[0]?.inputs.policy, "sesame");
  });

  it("answers getRegion and getCallerIdentity, and names an unsupported function", async () => {
    const region = await call<messages.InvokeRequest, messages.InvokeResponse>(
      client.invoke,
      new messages.InvokeRequest().setTok("aws:index/getRegion:getRegion").setArgs(Struct.fromJavaScript({})),
    );
    assert.equal(plain(region.getReturn()).region, cloud.region);
    await assert.rejects(
      call(client.invoke, new messages.InvokeRequest().setTok("aws:ec2/getAmi:getAmi")),
      /aws:ec2\/getAmi:getAmi, which the local stack does not support/,
    );
  });
});
