import assert from "node:assert/strict";
import { awsClient } from "../../runtime/aws/json-client";
import { invokeFunction } from "../../runtime/handlers/aws";
import { awsTarget } from "../../runtime/handlers/environment";
import { readSourceSecret } from "../../runtime/handlers/source-secret";
import { type FakeServer, startServer } from "../fakes/http-server";

describe("awsClient and the handlers' AWS calls", () => {
  const before = { ...process.env };
  const seen: { url: string; headers: NodeJS.Dict<string | string[]>; body: string }[] = [];
  let responses: { status: number; body?: string; type?: string }[] = [];
  let server: FakeServer;

  beforeEach(async () => {
    seen.length = 0;
    server = await startServer((request, response, body) => {
      seen.push({ url: request.url!, headers: request.headers, body: body.toString() });
      const { status, body: answer = "", type } = responses.shift() ?? { status: 200 };
      response.writeHead(status, type ? { "x-amzn-errortype": type } : {}).end(answer);
    });
    process.env.AWS_REGION = "eu-central-1";
    process.env.AWS_ACCESS_KEY_ID = "id";
    process.env.AWS_SECRET_ACCESS_KEY = "secret";
    process.env.AWS_SESSION_TOKEN = "token";
    process.env.AWS_ENDPOINT_URL = server.url;
  });
  afterEach(async () => {
    process.env = { ...before };
    await server.close();
  });

  const payload = { v: 1, streams: [{ streamId: "s" }] };
  const invoke = async () => {
    const client = awsClient(awsTarget("lambda"));
    await invokeFunction("manager-1", { client })(payload).finally(client.close);
  };

  it("invokes a function asynchronously, signed and with the trace header", async () => {
    process.env._X_AMZN_TRACE_ID = "Root=1-2-3;Lineage=1:ab:2";
    responses = [{ status: 202 }];
    await invoke();
    const [{ url, headers, body }] = seen as [(typeof seen)[number]];
    assert.equal(url, "/2015-03-31/functions/manager-1/invocations");
    assert.equal(headers["x-amz-invocation-type"], "Event");
    assert.equal(headers["x-amzn-trace-id"], "Root=1-2-3;Lineage=1:ab:2");
    assert.equal(headers["x-amz-security-token"], "token");
    assert.match(
      String(headers.authorization),
      /^AWS4-HMAC-SHA256 Credential=id\/\d{8}\/eu-central-1\/lambda\/aws4_request/,
    );
    assert.deepEqual(JSON.parse(body), payload);
  });

  it("attempts an invocation three times on 429 and 5xx", async () => {
    responses = [{ status: 500 }, { status: 429 }, { status: 202 }];
    await invoke();
    assert.equal(seen.length, 3);
    responses = [{ status: 503 }, { status: 503 }, { status: 503 }, { status: 202 }];
    await assert.rejects(invoke(), { status: 503 });
    assert.equal(seen.length, 6);
  });

  it("does not retry other errors", async () => {
    responses = [{ status: 403, type: "AccessDeniedException:http://internal/", body: '{"Message":"no"}' }];
    await assert.rejects(invoke(), { name: "AccessDeniedException", status: 403, message: "no" });
    assert.equal(seen.length, 1);
  });

  it("reads the source's secret with its version", async () => {
    const secret = { url: "https://example.com", path: "/{streamId}", key: "k" };
    responses = [{ status: 200, body: JSON.stringify({ SecretString: JSON.stringify(secret), VersionId: "v7" }) }];
    const client = awsClient(awsTarget("secretsmanager"));
    assert.deepEqual(await readSourceSecret(client, "arn:secret"), { secret, version: "v7" });
    assert.equal(seen[0]!.headers["x-amz-target"], "secretsmanager.GetSecretValue");
    client.close();
  });

  it("reports an invalid secret without its content", async () => {
    for (const text of ["hunter2 is not JSON", '{"url":"https://hunter2.example"}', "null", ""]) {
      responses = [{ status: 200, body: JSON.stringify({ SecretString: text, VersionId: "v" }) }];
      const client = awsClient(awsTarget("secretsmanager"));
      await assert.rejects(readSourceSecret(client, "arn:secret"), (error: Error & { code?: string }) => {
        assert.equal(error.code, "CONFIG_INVALID");
        assert.ok(!`${error.stack}${JSON.stringify(error)}`.includes("hunter2"));
        return true;
      });
      client.close();
    }
  });
});
