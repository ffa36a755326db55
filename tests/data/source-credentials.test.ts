import assert from "node:assert/strict";
import type { Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tokenCache } from "../../runtime/data/source/oauth2";
import { startConnectProxy } from "../fakes/connect-proxy";
import { fakeClock } from "../fakes/fake-clock";
import { startServer } from "../fakes/http-server";
import { startTokenEndpoint } from "../fakes/token-endpoint";
import { type Answer, sse, startUpstream, status } from "../fakes/upstream";
import { certificate } from "./certificate";
import { setUp } from "./harness";
import { expectedSignature } from "./signature";

describe("credentials of a source on the wire", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) await close();
  });
  const listening = async (server: Server): Promise<number> => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  };
  const upstreamOf = async (...answers: Answer[]) => {
    const upstream = await startUpstream(...answers);
    closing.push(upstream.close);
    return upstream;
  };

  describe("oauth2", () => {
    const auth = { kind: "oauth2", clientAuth: "basic", scope: "read write", audience: "feed" } as const;
    const tokenEndpoint = async (lifetime?: number) => {
      const endpoint = await startTokenEndpoint(lifetime);
      closing.push(endpoint.close);
      return endpoint;
    };
    const withClient = (tokenUrl: string) => ({ key: "client-secret", oauth2: { tokenUrl, clientId: "relay" } });

    it("requests a token with the client's credentials and sends it to the source", async () => {
      const upstream = await upstreamOf(sse("data: 1\n\n"), status(204));
      const { tokenUrl, requests, bodies } = await tokenEndpoint();
      const { relay, store } = setUp(upstream, { source: { auth }, secret: withClient(tokenUrl) });
      assert.deepEqual(await relay.run(), { kind: "completed" });
      assert.equal(store.events.length, 1);
      assert.deepEqual(
        upstream.requests.map(({ headers }) => headers.authorization),
        ["Bearer token-1", "Bearer token-1"],
      );
      assert.equal(
        requests[0]!.headers.authorization,
        `Basic ${Buffer.from("relay:client%2Dsecret").toString("base64")}`,
      );
      assert.deepEqual(Object.fromEntries(bodies[0]!), {
        grant_type: "client_credentials",
        scope: "read write",
        audience: "feed",
      });
    });

    it("sends the client's credentials in the body with clientAuth post", async () => {
      const upstream = await upstreamOf(status(204));
      const { tokenUrl, bodies } = await tokenEndpoint();
      const source = { auth: { ...auth, clientAuth: "post" } as const };
      await setUp(upstream, { source, secret: withClient(tokenUrl) }).relay.run();
      assert.equal(bodies[0]!.get("client_secret"), "client-secret");
    });

    it("replaces a token that the source refuses, once", async () => {
      const upstream = await upstreamOf(status(401), sse("data: 1\n\n"), status(204));
      const { tokenUrl } = await tokenEndpoint();
      const { relay } = setUp(upstream, { source: { auth }, secret: withClient(tokenUrl) });
      assert.deepEqual(await relay.run(), { kind: "completed" });
      assert.deepEqual(
        upstream.requests.map(({ headers }) => headers.authorization),
        ["Bearer token-1", "Bearer token-2", "Bearer token-2"],
      );
      const refusing = await upstreamOf(status(401));
      const failed = setUp(refusing, { source: { auth }, secret: withClient(tokenUrl) });
      assert.equal((await failed.relay.run()).kind, "failed");
      assert.equal(refusing.requests.length, 2);
    });

    it("requests another token, with the secret read again, when an event says that the credential is invalid", async () => {
      const revoked = sse("event: auth_revoked\ndata: credential\n\n", "stay");
      const upstream = await upstreamOf(revoked, sse("data: 1\n\n"), status(204));
      const { tokenUrl, requests } = await tokenEndpoint();
      let version = 0;
      const readSecret = async () => ({
        secret: { url: upstream.url, path: "/", ...withClient(tokenUrl), key: `client-secret-${++version}` },
        version: `v${version}`,
      });
      const on = [{ type: "auth_revoked", action: "refresh-credential" }] as const;
      const { relay, store } = setUp(upstream, { source: { auth, on }, deps: { readSecret } });
      assert.deepEqual(await relay.run(), { kind: "completed" });
      assert.deepEqual(
        upstream.requests.map(({ headers }) => headers.authorization),
        ["Bearer token-1", "Bearer token-2", "Bearer token-2"],
      );
      const client = (key: string) => `Basic ${Buffer.from(`relay:${key.replaceAll("-", "%2D")}`).toString("base64")}`;
      assert.deepEqual(
        requests.map(({ headers }) => headers.authorization),
        [client("client-secret-1"), client("client-secret-2")],
      );
      assert.equal(store.events.length, 1);
    });

    it("requests another token after refresh-credential also where the secret is the same", async () => {
      const revoked = sse("event: auth_revoked\ndata: credential\n\n", "stay");
      const upstream = await upstreamOf(revoked, status(204));
      const { tokenUrl } = await tokenEndpoint();
      const on = [{ type: "auth_revoked", action: "refresh-credential" }] as const;
      await setUp(upstream, { source: { auth, on }, secret: withClient(tokenUrl) }).relay.run();
      assert.equal(upstream.requests[1]!.headers.authorization, "Bearer token-2");
    });

    it("shares a token among the streams of a hop, and replaces it before it expires", async () => {
      const { tokenUrl, requests } = await tokenEndpoint(600);
      const clock = fakeClock();
      const tokens = tokenCache(clock);
      const upstream = await upstreamOf(status(204));
      const run = () =>
        setUp(upstream, { source: { auth }, secret: withClient(tokenUrl), deps: { tokens } }).relay.run();
      await Promise.all([run(), run(), run()]);
      assert.equal(requests.length, 1);
      await clock.advance(539_000);
      await run();
      assert.equal(requests.length, 1);
      await clock.advance(2_000);
      await run();
      assert.equal(requests.length, 2);
    });

    it("fails on a client that the token endpoint refuses, without its secret in the message", async () => {
      const upstream = await upstreamOf(status(204));
      const server = await startServer((_, response) => {
        response.writeHead(401, { "content-type": "application/json" });
        response.end('{"error":"invalid_client","error_description":"client-secret is wrong"}');
      });
      closing.push(server.close);
      const outcome = await setUp(upstream, { source: { auth }, secret: withClient(server.url) }).relay.run();
      assert.ok(outcome.kind === "failed");
      assert.match(outcome.error.message, /^The token endpoint answered 401: invalid_client/);
      assert.doesNotMatch(outcome.error.message, /client-secret/);
      assert.equal(upstream.requests.length, 0);
    });

    for (const [code, answer] of [
      [429, '{"error":"slow_down"}'],
      [400, '{"error":"temporarily_unavailable"}'],
      [200, '{"access_token":"two\\nlines","token_type":"bearer"}'],
    ] as const)
      it(`retries when the token endpoint answers ${code} with ${answer.slice(0, 40)}`, async () => {
        const json = { "content-type": "application/json" };
        const endpoint = await upstreamOf(
          status(code, json, answer),
          status(200, json, '{"access_token":"good","token_type":"bearer"}'),
        );
        const upstream = await upstreamOf(status(204));
        const { relay } = setUp(upstream, { source: { auth }, secret: withClient(endpoint.url) });
        assert.deepEqual(await relay.run(), { kind: "completed" });
        assert.equal(upstream.requests[0]!.headers.authorization, "Bearer good");
      });

    it("gives up on an answer of the token endpoint that does not end", async () => {
      const json = { "content-type": "application/json" };
      const endpoint = await upstreamOf(
        (response) => response.writeHead(200, json).write(Buffer.alloc((1 << 20) + 1)),
        status(200, json, '{"access_token":"good","token_type":"bearer"}'),
      );
      const upstream = await upstreamOf(status(204));
      const { relay } = setUp(upstream, { source: { auth }, secret: withClient(endpoint.url) });
      assert.deepEqual(await relay.run(), { kind: "completed" });
    });

    it("retries when the token endpoint is unavailable", async () => {
      const upstream = await upstreamOf(status(204));
      let visits = 0;
      const server = await startServer((_, response) => {
        response.writeHead(visits++ === 0 ? 503 : 200, { "content-type": "application/json" });
        response.end(visits === 1 ? "" : '{"access_token":"t","token_type":"bearer"}');
      });
      closing.push(server.close);
      const { relay } = setUp(upstream, { source: { auth }, secret: withClient(server.url) });
      assert.deepEqual(await relay.run(), { kind: "completed" });
      assert.match(relay.snapshot().lastError!.message, /No access token/);
    });
  });

  it("does not show what a server repeats of its Authorization header, or a secret that contains another one", async () => {
    const upstream = await upstreamOf((response, { headers }) =>
      response.writeHead(403).end(`no: ${headers.authorization} ${headers["x-a"]}`),
    );
    const secret = { key: "ann:sesame", headers: { "x-a": "sesame-and-more" } };
    const outcome = await setUp(upstream, { source: { auth: { kind: "basic" } }, secret }).relay.run();
    assert.equal(outcome.kind === "failed" && outcome.error.message, "The source answered 403: no: Basic *** ***");
  });

  it("shows the whole message of a request without a key that cannot be built", async () => {
    const outcome = await setUp({ url: "garbage" }, { secret: { key: undefined } }).relay.run();
    assert.match(
      outcome.kind === "failed" ? outcome.error.message : "",
      /^Expected the source's `url` and `path` to form/,
    );
  });

  it("signs with the connection manager's role, over path, query and body", async () => {
    const upstream = await upstreamOf(status(204));
    const source = { auth: { kind: "aws-sigv4", service: "execute-api" }, method: "POST" } as const;
    const secret = { key: undefined, query: { b: "2 x", a: "1" }, body: '{"s":"{streamId}"}' };
    await setUp(upstream, { source, secret }).relay.run();
    const { headers, url } = upstream.requests[0]!;
    assert.match(
      headers.authorization!,
      /^AWS4-HMAC-SHA256 Credential=AKID\/\d{8}\/eu-central-1\/execute-api\/aws4_request/,
    );
    assert.equal(url, "/stream/a%3Ab?a=1&b=2%20x");
    const { actual, expected } = expectedSignature(upstream.requests[0]!, {
      ...{ method: "POST", path: "/stream/a%253Ab", query: "a=1&b=2%20x", body: '{"s":"a:b"}' },
    });
    assert.equal(actual, expected);
  });

  it("presents a client certificate, and trusts the private authority only", async () => {
    const { key, cert } = certificate();
    const subjects: string[] = [];
    const server = createHttpsServer({ key, cert, ca: cert, requestCert: true, rejectUnauthorized: true });
    server.on("request", (request, response) => {
      subjects.push(
        (request.socket as unknown as { getPeerCertificate(): { subject: { CN: string } } }).getPeerCertificate()
          .subject.CN,
      );
      response.writeHead(204).end();
    });
    const url = `https://127.0.0.1:${await listening(server as unknown as Server)}`;
    assert.deepEqual(await setUp({ url }, { secret: { tls: { ca: cert, key, cert } } }).relay.run(), {
      kind: "completed",
    });
    assert.deepEqual(subjects, ["127.0.0.1"]);
    const { relay } = setUp({ url }, { options: { singleAttempt: () => true } });
    assert.equal((await relay.run()).kind, "waiting");
    assert.match(relay.snapshot().lastError!.message, /SELF_SIGNED|self-signed/);
  });

  it("connects to an https source through a proxy with its credential", async () => {
    const { key, cert } = certificate();
    const server = createHttpsServer({ key, cert }, (_, response) => void response.writeHead(204).end());
    const url = `https://127.0.0.1:${await listening(server as unknown as Server)}`;
    const proxy = await startConnectProxy("ann:pass");
    closing.push(proxy.close);
    const secret = { proxy: proxy.url, tls: { ca: cert } };
    assert.deepEqual(await setUp({ url }, { secret }).relay.run(), { kind: "completed" });
    assert.deepEqual(proxy.tunnels, [new URL(url).host]);
  });

  it("requests an http source from the proxy", async () => {
    const proxy = await upstreamOf(sse("data: 1\n\n"), status(204));
    const { relay, store } = setUp(
      { url: "http://upstream.invalid" },
      { secret: { proxy: proxy.url, key: undefined } },
    );
    assert.deepEqual(await relay.run(), { kind: "completed" });
    assert.equal(store.events.length, 1);
    assert.equal(proxy.requests[0]!.url, "http://upstream.invalid/stream/a%3Ab");
  });

  it("says in the message of a 401 that a redirect to another host lost the credential, without the host", async () => {
    const other = await upstreamOf(status(401));
    const first = await upstreamOf(status(307, { location: other.url }));
    const outcome = await setUp(first).relay.run();
    assert.ok(outcome.kind === "failed");
    assert.match(outcome.error.message, /401 after a redirect to another host, which does not receive the credential/);
    assert.doesNotMatch(outcome.error.message, /127\.0\.0\.1/);
  });
});
