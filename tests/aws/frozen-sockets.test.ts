import assert from "node:assert/strict";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import { ENV } from "../../runtime/contract";
import type { LambdaContext } from "../../runtime/processor";
import { relaySettings } from "../data/harness";
import { startDynalite } from "../fakes/dynalite";
import { type ForgetfulProxy, forgetfulProxy } from "../fakes/forgetful-proxy";
import { startServer } from "../fakes/http-server";
import { record } from "../processor/builders";

/** Lambda freezes an environment after each invocation. Meanwhile, a NAT gateway forgets its connections. */
describe("a network that forgets connections between two invocations", () => {
  const before = { ...process.env };
  const write = process.stdout.write;
  const cleanUp: (() => Promise<void>)[] = [];
  const loaded: string[] = [];
  let proxies: ForgetfulProxy[];

  beforeEach(async () => {
    const dynamodb = await startDynalite();
    const objects = new Map<string, Buffer>();
    const other = await startServer((request, response, body) => {
      if (request.method === "PUT") objects.set(request.url!, body);
      response.end(request.method === "GET" ? objects.get(request.url!) : "{}");
    });
    proxies = [await forgetfulProxy(dynamodb.url), await forgetfulProxy(other.url)];
    cleanUp.push(...proxies.map(({ close }) => close), dynamodb.close, other.close);
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL: proxies[1]!.url,
      AWS_ENDPOINT_URL_DYNAMODB: proxies[0]!.url,
      ...Object.fromEntries(Object.values(ENV).map((name) => [name, "x"])),
      [ENV.maxConnections]: "10",
      [ENV.connectionTable]: "connections",
      [ENV.settings]: JSON.stringify(relaySettings()),
    });
    await new DynamoDBClient({ endpoint: dynamodb.url }).send(
      new CreateTableCommand({
        TableName: "connections",
        KeySchema: [{ AttributeName: "streamId", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "streamId", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    process.stdout.write = (() => true) as typeof write;
  });

  afterEach(async () => {
    process.stdout.write = write;
    process.env = { ...before };
    for (const path of loaded.splice(0)) delete require.cache[path];
    for (const close of cleanUp.splice(0)) await close();
  });

  /** The module reads its environment when it is loaded. Other tests load it again, with theirs. */
  const load = <T>(module: string): T => {
    const path = require.resolve(`../../runtime/${module}`);
    delete require.cache[path];
    loaded.push(path);
    return require(path) as T;
  };
  const forget = () => {
    for (const proxy of proxies) proxy.forget();
  };

  it("does not disturb the connection API", async () => {
    const { handler } = load<typeof import("../../runtime/handlers/connection-api")>("handlers/connection-api");
    const event = {
      httpMethod: "POST",
      resource: "/connections/{streamId}",
      requestContext: { identity: {} },
    };
    for (const streamId of ["a", "b", "c"]) {
      const { statusCode } = await handler({ ...event, pathParameters: { streamId } } as never);
      assert.equal(statusCode, 202, streamId);
      forget();
    }
  });

  it("does not disturb the watchdog", async () => {
    const { handler } = load<typeof import("../../runtime/handlers/watchdog")>("handlers/watchdog");
    for (let run = 0; run < 3; run++) {
      assert.equal((await handler({}, { getRemainingTimeInMillis: () => 50_000 } as Context)).streams, 0);
      forget();
    }
  });

  it("does not disturb a processor that stores failed events: each invocation opens its own connection", async () => {
    load("processor/lambda-ports");
    const { eachEvent } = load<typeof import("../../runtime/processor/handlers")>("processor/handlers");
    const handler = eachEvent(() => assert.fail("refused"), { retries: 0 });
    const context = { getRemainingTimeInMillis: () => 30_000 } as LambdaContext;
    for (let invocation = 1; invocation <= 3; invocation++) {
      const { batchItemFailures } = await handler({ Records: [record(1), record(2)] }, context);
      assert.deepEqual(batchItemFailures, []);
      assert.equal(proxies[1]!.connections, invocation);
    }
  });
});
