import assert from "node:assert/strict";
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { APIGatewayProxyEvent } from "aws-lambda";
import { ENV } from "../../runtime/contract";
import { startDynalite } from "../fakes/dynalite";
import { type FakeServer, startServer } from "../fakes/http-server";

const AUTHORIZATION =
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261124/eu-central-1/execute-api/aws4_request, Signature=51637e7";

/** A proxy request of API Gateway's REST API, with everything that must not be logged. */
function proxyEvent(httpMethod: string, streamId: string, body: string | null = null): APIGatewayProxyEvent {
  return {
    httpMethod,
    resource: "/connections/{streamId}",
    path: `/connections/${streamId}`,
    pathParameters: { streamId },
    headers: { Authorization: AUTHORIZATION, "X-Amz-Security-Token": "FwoGZXIvYXdzEBY", "x-api-key": "plan-key" },
    multiValueHeaders: {},
    queryStringParameters: { "X-Amz-Signature": "presigned" },
    multiValueQueryStringParameters: null,
    stageVariables: null,
    isBase64Encoded: false,
    body,
    requestContext: {
      requestId: "r-1",
      identity: {
        userArn: "arn:aws:iam::1:user/ann",
        sourceIp: "192.0.2.7",
        accessKey: "AKIDEXAMPLE",
        apiKey: "plan-key",
      },
    } as never,
  };
}

describe("connection API handler", () => {
  const before = { ...process.env };
  const write = process.stdout.write;
  const servers: Pick<FakeServer, "close">[] = [];
  const invocations: string[] = [];
  let handler: typeof import("../../runtime/handlers/connection-api").handler;

  beforeEach(async () => {
    const lambda = await startServer((request, response) => {
      invocations.push(request.url!);
      response.writeHead(202).end();
    });
    const dynamodb = await startDynalite();
    servers.push(dynamodb, lambda);
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_REGION: "eu-central-1",
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.url,
      AWS_ENDPOINT_URL_LAMBDA: lambda.url,
      [ENV.connectionTable]: "connections",
      [ENV.connectionManager]: "manager",
    });
    await new DynamoDBClient().send(
      new CreateTableCommand({
        TableName: "connections",
        KeySchema: [{ AttributeName: "streamId", KeyType: "HASH" }],
        AttributeDefinitions: [{ AttributeName: "streamId", AttributeType: "S" }],
        BillingMode: "PAY_PER_REQUEST",
      }),
    );
    const path = require.resolve("../../runtime/handlers/connection-api");
    delete require.cache[path]; // the module reads the environment of this test
    handler = require(path).handler;
  });

  afterEach(async () => {
    process.stdout.write = write;
    process.env = { ...before };
    invocations.length = 0;
    for (const server of servers.splice(0)) await server.close();
  });

  /** Calls the handler and captures its log lines. */
  async function call(event: APIGatewayProxyEvent) {
    const lines: string[] = [];
    process.stdout.write = ((line: string) => lines.push(line)) as never;
    try {
      return { result: await handler(event), lines };
    } finally {
      process.stdout.write = write;
    }
  }

  it("starts, shows and stops a stream in a real table, with one invocation", async () => {
    assert.equal((await call(proxyEvent("POST", "prices", '{"resume":true}'))).result.statusCode, 202);
    const shown = (await call(proxyEvent("GET", "prices"))).result;
    assert.partialDeepStrictEqual(JSON.parse(shown.body), { streamId: "prices", desired: "open", status: "starting" });
    assert.equal((await call(proxyEvent("DELETE", "prices"))).result.statusCode, 202);
    assert.equal((await call(proxyEvent("GET", "other"))).result.statusCode, 404);
    assert.deepEqual(invocations, ["/2015-03-31/functions/manager/invocations"]);
  });

  it("logs one line per request, without headers, query or body", async () => {
    const { lines } = await call(proxyEvent("POST", "user%40host", '{"resume":"hunter2"}'));
    assert.equal(lines.length, 1);
    assert.partialDeepStrictEqual(JSON.parse(lines[0]!), {
      level: "info",
      message: "request",
      requestId: "r-1",
      method: "POST",
      resource: "/connections/{streamId}",
      streamId: "user@host",
      status: 400,
      code: "BODY_INVALID",
      caller: "arn:aws:iam::1:user/ann",
      sourceIp: "192.0.2.7",
    });
    assert.doesNotMatch(lines[0]!, /AWS4|Signature|FwoG|plan-key|presigned|AKID|hunter2/);
  });

  it("does not log an invalid stream id", async () => {
    const { lines, result } = await call(proxyEvent("GET", "a%0d%0aforged"));
    assert.equal(result.statusCode, 400);
    assert.doesNotMatch(lines.join(""), /forged/);
  });

  it("reads a body that API Gateway passes as base64", async () => {
    const body = Buffer.from('{"resume":1}').toString("base64");
    const { result } = await call({ ...proxyEvent("POST", "prices", body), isBase64Encoded: true });
    assert.equal(JSON.parse(result.body).code, "BODY_INVALID");
  });

  it("sends JSON with no-store and nosniff headers", async () => {
    const { headers } = (await call(proxyEvent("PUT", "prices"))).result;
    assert.deepEqual(headers, {
      allow: "POST, GET, DELETE",
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    });
  });

  it("returns 503 while the table is unreachable, and logs the cause", async () => {
    await servers[0]!.close();
    const { result, lines } = await call(proxyEvent("GET", "prices"));
    assert.equal(result.statusCode, 503);
    assert.equal(result.headers?.["retry-after"], "1");
    assert.partialDeepStrictEqual(JSON.parse(lines[0]!), { level: "error", error: { code: "STORE_UNAVAILABLE" } });
  });
});
