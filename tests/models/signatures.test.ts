import assert from "node:assert/strict";
import { connectionClient } from "../../cli/connection-client";
import { type AwsTarget, endpointOf } from "../../runtime/aws/endpoint";
import { awsClient } from "../../runtime/aws/json-client";
import { s3Client } from "../../runtime/aws/s3-client";
import type { AuthSettings, SourceSecret } from "../../runtime/contract";
import { dynamodbStore } from "../../runtime/data/dynamodb-store";
import { encodeItem } from "../../runtime/data/item";
import { sourceRequest } from "../../runtime/data/source/request";
import { signedRequest } from "../../runtime/data/source/signed-request";
import { connectionTable, invokeFunction } from "../../runtime/handlers/aws";
import { type FakeServer, startServer } from "../fakes/http-server";
import { python, usePython } from "./python";

const REGION = "eu-west-1";
const KEYS = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY" };
const WITH_TOKEN = { ...KEYS, sessionToken: "IQoJb3JpZ2luX2VjEA//token==" };

interface Sent {
  readonly service: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Compares the signature of each request with the one that botocore makes for it. */
async function assertSigned(sent: readonly Sent[], credentials: typeof KEYS | typeof WITH_TOKEN): Promise<void> {
  // What is sent unsigned, such as `connection`, is added after the signature.
  const requests = sent.map(({ headers, ...request }) => {
    const signed = /SignedHeaders=([^,]+)/.exec(headers.authorization!)![1]!.split(";");
    const passed = Object.entries(headers).filter(([name]) => signed.includes(name) || name.startsWith("x-amz"));
    return { ...request, ...credentials, region: REGION, headers: Object.fromEntries(passed) };
  });
  const expected = await python<string[]>("signature.py", [], requests);
  assert.ok(expected.length > 0);
  assert.deepEqual(
    sent.map(({ headers }) => headers.authorization),
    expected,
  );
}

for (const [name, credentials] of [
  ["without a session token", KEYS],
  ["with a session token", WITH_TOKEN],
] as const)
  describe(`requests ${name} have botocore's signature`, () => {
    usePython();
    const sent: Omit<Sent, "service">[] = [];
    let server: FakeServer;
    before(async () => {
      server = await startServer((request, response, body) => {
        const { method = "", url, headers } = request;
        sent.push({ method, url: server.url + url, headers: headers as Record<string, string>, body: body.toString() });
        response.end("{}");
      });
    });
    beforeEach(() => {
      sent.length = 0;
    });
    after(() => server.close());

    const target = (service: AwsTarget["service"]): AwsTarget => ({
      service,
      region: REGION,
      endpoint: server.url,
      credentials: async () => credentials,
    });
    const sentTo = (service: string) => sent.map((request) => ({ ...request, service }));

    it("to DynamoDB", async () => {
      const client = awsClient(target("dynamodb"));
      const store = dynamodbStore("events", target("dynamodb"));
      const event = { streamId: "s", key: "k", type: "message", id: "", data: "ü€😀", dataBytes: 9, sequence: "1.1.1" };
      await store.write([encodeItem({ ...event, receivedAt: 1 }, 60, 1)]);
      await connectionTable("connections", { client }).read("prices");
      client.close();
      await store.close();
      await assertSigned(sentTo("dynamodb"), credentials);
    });

    it("to Lambda, with a trace that a proxy may change", async () => {
      const client = awsClient(target("lambda"));
      process.env._X_AMZN_TRACE_ID = "Root=1-2-3;Lineage=1:ab:2";
      await invokeFunction("prices-connection-manager-1234567", { client })({ v: 1, streams: [] });
      delete process.env._X_AMZN_TRACE_ID;
      client.close();
      assert.equal(sent[0]?.headers["x-amzn-trace-id"], "Root=1-2-3;Lineage=1:ab:2");
      await assertSigned(sentTo("lambda"), credentials);
    });

    it("to S3, with awkward keys", async () => {
      const client = s3Client({ bucket: "failures", target: target("s3"), timeoutMs: 5_000 });
      for (const key of [
        "a/b.json",
        "a b/c+d@e:f=g&h",
        "ü/€/😀",
        "(a)!'*~",
        "a//b/./c/../d",
        "100%25",
        "?x=1#y",
        "a\\b",
      ])
        await client.put(key, Buffer.from(key));
      client.close();
      await assertSigned(sentTo("s3"), credentials);
    });

    it("to execute-api, from the command line", async () => {
      const client = connectionClient({ apiUrl: `${server.url}/v1`, apiKey: "the-key", region: REGION, credentials });
      for (const streamId of ["prices", "a.b_c:d@e-f"]) {
        await client.start(streamId, false);
        await client.read(streamId);
        await client.stop(streamId);
      }
      await assertSigned(sentTo("execute-api"), credentials);
    });

    it("to an upstream with awkward paths, queries and headers", async () => {
      const secrets: Partial<SourceSecret>[] = [
        { path: "/v1/{streamId}" },
        { path: "/a b/(c)!'*/ü%2Fd/+~" },
        { query: { a: "2", "a-b": "1", a1: "", "a.b": "+ /", ü: "€", A: "x" } },
        { headers: { "X-Spaces": "  a   b  ", "User-Agent": "mine/1.0" }, body: '{"after":"ü"}' },
      ];
      const settings: Extract<AuthSettings, { kind: "aws-sigv4" }> = { kind: "aws-sigv4", service: "execute-api" };
      const source = { auth: settings, format: "sse", method: "POST", resume: { kind: "last-event-id" } } as const;
      const identity = { region: REGION, credentials: async () => credentials };
      for (const secret of secrets) {
        const request = sourceRequest(
          { url: "https://upstream.example", path: "/", ...secret },
          source as unknown as Parameters<typeof sourceRequest>[1],
          "prices/€",
          undefined,
        );
        const { url, method, headers, body = "" } = await signedRequest(request, settings, identity, Date.now());
        sent.push({ method, url: url.href, headers: { ...headers, host: url.host }, body });
      }
      await assertSigned(sentTo("execute-api"), credentials);
    });
  });

describe("the endpoints of AWS", () => {
  usePython();
  it("have the host names of botocore's partitions", async () => {
    const services = ["dynamodb", "lambda", "secretsmanager", "s3"] as const;
    const regions = ["us-east-1", "eu-west-1", "cn-north-1", "us-gov-west-1"];
    const credentials = async () => KEYS;
    const hosts = await python<Record<string, string>>("endpoints.py", [], { services, regions });
    for (const service of services)
      for (const region of regions)
        assert.equal(
          endpointOf({ service, region, credentials }).origin,
          hosts[`${service} ${region}`],
          `${service} ${region}`,
        );
  });
});
