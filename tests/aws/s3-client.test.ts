import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { type S3Client, s3Client } from "../../runtime/aws/s3-client";

describe("s3Client", () => {
  let server: Server | undefined;
  let client: S3Client | undefined;
  afterEach(() => {
    client?.close();
    server?.closeAllConnections();
    server?.close();
  });

  async function listen(answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void) {
    server = createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      answer(request, Buffer.concat(chunks), response);
    });
    await new Promise<void>((resolve) => server!.listen(0, "127.0.0.1", resolve));
    const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const credentials = async () => ({ accessKeyId: "AKID", secretAccessKey: "secret", sessionToken: "token" });
    client = s3Client({
      bucket: "failures-bucket",
      target: { service: "s3", region: "eu-west-1", endpoint, credentials },
      timeoutMs: 2_000,
    });
    return client;
  }

  it("puts and gets signed objects, with keys escaped once", async () => {
    const requests: { method?: string; url?: string; headers: IncomingMessage["headers"] }[] = [];
    const stored = new Map<string, Buffer>();
    const bucket = await listen((request, body, response) => {
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
    const bucket = await listen((_request, _body, response) => response.writeHead(404).end("<Error/>"));
    assert.equal(await bucket.get("oversize/x"), undefined);
  });

  it("reports bucket, key and status of an error response", async () => {
    const bucket = await listen((_request, _body, response) => response.writeHead(403).end("AccessDenied"));
    const expected = {
      code: "STORE_UNAVAILABLE",
      retryable: true,
      message: "Bucket failures-bucket: PUT failures/s/k.json: status 403 AccessDenied",
    };
    await assert.rejects(bucket.put("failures/s/k.json", Buffer.from("x")), expected);
  });

  it("rejects with STORE_UNAVAILABLE when the connection is refused or the signal aborts", async () => {
    const bucket = await listen(() => {});
    await assert.rejects(bucket.get("k", AbortSignal.abort()), { code: "STORE_UNAVAILABLE" });
    server!.close();
    server!.closeAllConnections();
    await assert.rejects(bucket.get("k"), { code: "STORE_UNAVAILABLE", retryable: true });
  });
});
