import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { IncomingMessage } from "node:http";
import https from "node:https";
import { type S3Client, s3Client } from "../../runtime/aws/s3-client";
import { type FakeServer, type Respond, startServer } from "../fakes/http-server";

describe("s3Client", () => {
  let server: FakeServer | undefined;
  let client: S3Client | undefined;
  afterEach(async () => {
    client?.close();
    await server?.close();
  });

  async function bucketAt(respond: Respond, timeoutMs = 2_000) {
    server = await startServer(respond);
    const credentials = async () => ({ accessKeyId: "AKID", secretAccessKey: "secret", sessionToken: "token" });
    client = s3Client({
      bucket: "failures-bucket",
      target: { service: "s3", region: "eu-west-1", endpoint: server.url, credentials },
      timeoutMs,
    });
    return client;
  }

  it("puts and gets signed objects, with keys escaped once", async () => {
    const requests: { method?: string; url?: string; headers: IncomingMessage["headers"] }[] = [];
    const stored = new Map<string, Buffer>();
    const bucket = await bucketAt((request, response, body) => {
      requests.push({ method: request.method, url: request.url, headers: request.headers });
      if (request.method === "PUT") stored.set(request.url!, body);
      response.end(request.method === "GET" ? stored.get(request.url!) : undefined);
    });
    await bucket.put("failures/a:b@c/k (1).json", Buffer.from("héllo"));
    assert.equal(Buffer.from((await bucket.get("failures/a:b@c/k (1).json"))!).toString(), "héllo");
    assert.deepEqual(
      requests.map(({ method, url }) => [method, url]),
      [
        ["PUT", "/failures-bucket/failures/a%3Ab%40c/k%20%281%29.json"],
        ["GET", "/failures-bucket/failures/a%3Ab%40c/k%20%281%29.json"],
      ],
    );
    for (const { headers } of requests) {
      assert.match(headers.authorization!, /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-west-1\/s3\/aws4_request, /);
      assert.match(headers.authorization!, /SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token/);
      assert.equal(headers["x-amz-security-token"], "token");
    }
    const sha256 = createHash("sha256").update("héllo").digest("hex");
    assert.equal(requests[0]!.headers["x-amz-content-sha256"], sha256);
  });

  it("returns undefined for a missing object", async () => {
    const bucket = await bucketAt((_request, response) => response.writeHead(404).end("<Error/>"));
    assert.equal(await bucket.get("oversize/x"), undefined);
  });

  it("reports bucket, key and the error of an error response", async () => {
    const answer = "<Error><Code>AccessDenied</Code><Message>Not yours</Message></Error>";
    const bucket = await bucketAt((_request, response) => response.writeHead(403).end(answer));
    await assert.rejects(bucket.put("failures/s/k.json", Buffer.from("x")), {
      code: "STORE_UNAVAILABLE",
      awsError: "AccessDenied",
      retryable: true,
      message: "Bucket failures-bucket: PUT failures/s/k.json: AccessDenied (status 403): Not yours",
    });
    await server!.close();
    const proxied = await bucketAt((_request, response) => response.writeHead(502).end("Bad gateway"));
    await assert.rejects(proxied.get("k"), {
      awsError: "Http502",
      message: "Bucket failures-bucket: GET k: Http502 (status 502): Bad gateway",
    });
  });

  it("gives a slow object the time that it needs, and gives up on one that stops", async () => {
    const slow = await bucketAt(async (request, response) => {
      for (let part = 0; part < 6; part++) {
        response.write("x");
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
      if (request.url!.endsWith("ends")) response.end();
    }, 200);
    assert.equal((await slow.get("ends"))!.length, 6);
    await assert.rejects(slow.get("stops"), {
      code: "STORE_UNAVAILABLE",
      message: "Bucket failures-bucket: GET stops: no answer for 200 ms",
    });
  });

  it("gives a large object longer to be sent", async () => {
    const bucket = await bucketAt((_request, response) => setTimeout(() => response.end(), 200), 100);
    await bucket.put("k", Buffer.alloc(2_000_000));
    await assert.rejects(bucket.put("k", Buffer.alloc(10)), { code: "STORE_UNAVAILABLE" });
  });

  it("puts a bucket name with dots into the path, where the certificate matches", async () => {
    const sent: { hostname?: string | null; path?: string | null }[] = [];
    const { request } = https;
    https.request = ((options: https.RequestOptions) => {
      sent.push(options);
      throw new Error("not sent");
    }) as typeof https.request;
    try {
      for (const bucket of ["plain-name", "name.with.dots"]) {
        const credentials = async () => ({ accessKeyId: "AKID", secretAccessKey: "secret" });
        client = s3Client({ bucket, target: { service: "s3", region: "eu-west-1", credentials }, timeoutMs: 1_000 });
        await assert.rejects(client.get("k"), /not sent/);
      }
    } finally {
      https.request = request;
    }
    assert.deepEqual(
      sent.map(({ hostname, path }) => `${hostname}${path}`),
      ["plain-name.s3.eu-west-1.amazonaws.com/k", "s3.eu-west-1.amazonaws.com/name.with.dots/k"],
    );
  });

  it("rejects with STORE_UNAVAILABLE when the connection is refused or the signal aborts", async () => {
    const bucket = await bucketAt(() => {});
    await assert.rejects(bucket.get("k", AbortSignal.abort()), { code: "STORE_UNAVAILABLE" });
    await server!.close();
    await assert.rejects(bucket.get("k"), { code: "STORE_UNAVAILABLE", retryable: true });
  });
});
