import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import { WebSocketServer } from "ws";
import { startConnectProxy } from "../fakes/connect-proxy";
import { startTokenEndpoint } from "../fakes/token-endpoint";
import { certificate } from "./certificate";
import { type Setup, setUp } from "./harness";
import { expectedSignature } from "./signature";

const { key, cert } = certificate();

describe("credentials of a WebSocket", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  /** Sends END to every connection that it does not refuse. */
  async function serve(server: Server, verifyClient?: (info: { req: IncomingMessage }) => boolean) {
    const requests: IncomingMessage[] = [];
    server.listen(0, "127.0.0.1");
    const sockets = new WebSocketServer({ server, ...(verifyClient && { verifyClient }) });
    sockets.on("connection", (socket, request) => {
      requests.push(request);
      socket.send("END");
    });
    await once(server, "listening");
    closing.push(() => {
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      server.close();
    });
    const { port } = server.address() as AddressInfo;
    return { url: `${"setSecureContext" in server ? "wss" : "ws"}://127.0.0.1:${port}`, requests };
  }
  const run = async (source: { url: string }, setup: Setup) => {
    const one = setUp(source, { ...setup, source: { on: [{ text: "END", action: "complete" }], ...setup.source } });
    return { ...one, outcome: await one.relay.run() };
  };

  it("sends an access token, and another one after a 401 of the handshake", async () => {
    const endpoint = await startTokenEndpoint();
    closing.push(endpoint.close);
    const source = await serve(createServer(), ({ req }) => req.headers.authorization !== "Bearer token-1");
    const { outcome } = await run(source, {
      source: { auth: { kind: "oauth2", clientAuth: "basic" } },
      secret: { key: "client-secret", oauth2: { tokenUrl: endpoint.tokenUrl, clientId: "relay" } },
    });
    assert.deepEqual(outcome, { kind: "completed" });
    assert.equal(source.requests[0]!.headers.authorization, "Bearer token-2");
  });

  it("signs the handshake with the connection manager's role", async () => {
    const source = await serve(createServer());
    const { outcome } = await run(source, {
      source: { auth: { kind: "aws-sigv4", service: "execute-api" } },
      secret: { key: undefined, query: { b: "2 x", a: "1" } },
    });
    assert.deepEqual(outcome, { kind: "completed" });
    const request = { method: "GET", path: "/stream/a%253Ab", query: "a=1&b=2%20x", body: "" };
    const { actual, expected } = expectedSignature(source.requests[0]!, request);
    assert.equal(actual, expected);
  });

  it("presents a client certificate, and trusts the private authority only", async () => {
    const server = createHttpsServer({ key, cert, ca: cert, requestCert: true, rejectUnauthorized: true });
    const source = await serve(server as unknown as Server);
    const { outcome } = await run(source, { secret: { tls: { ca: cert, key, cert } } });
    assert.deepEqual(outcome, { kind: "completed" });
    assert.equal((source.requests[0]!.socket as TLSSocket).getPeerCertificate().subject.CN, "127.0.0.1");
    const untrusting = await run(source, { options: { singleAttempt: () => true } });
    assert.equal(untrusting.outcome.kind, "waiting");
    assert.match(untrusting.relay.snapshot().lastError!.message, /SELF_SIGNED|self-signed/);
  });

  for (const protocol of ["ws", "wss"])
    it(`connects to ${protocol} through a proxy with its credential`, async () => {
      const proxy = await startConnectProxy("ann:pass");
      closing.push(proxy.close);
      const source = await serve(
        protocol === "ws" ? createServer() : (createHttpsServer({ key, cert }) as unknown as Server),
      );
      const { outcome } = await run(source, { secret: { proxy: proxy.url, tls: { ca: cert } } });
      assert.deepEqual(outcome, { kind: "completed" });
      assert.deepEqual(proxy.tunnels, [new URL(source.url).host]);
    });

  it("reports a proxy that refuses the tunnel, without its credential, and tries again later", async () => {
    const proxy = await startConnectProxy("ann:pass");
    closing.push(proxy.close);
    const source = await serve(createServer());
    const secret = { proxy: proxy.url.replace("ann:pass", "ann:wrong-pass") };
    const { outcome, relay } = await run(source, { secret, options: { singleAttempt: () => true } });
    assert.equal(outcome.kind, "waiting");
    assert.match(relay.snapshot().lastError!.message, /^The proxy answered 407 and opened no tunnel/);
  });

  it("fails with the name of a setting that a WebSocket cannot apply", async () => {
    const source = await serve(createServer());
    const cases: [Setup, string][] = [
      [{ source: { method: "POST" } }, "source.method"],
      [{ secret: { body: "{}" } }, "source.body"],
      [{ source: { http2: true } }, "source.http2"],
      [{ source: { format: "lines" } }, "source.format"],
    ];
    for (const [setup, name] of cases) {
      const { outcome } = await run(source, setup);
      assert.ok(outcome.kind === "failed");
      assert.equal(outcome.error.code, "CONFIG_INVALID");
      assert.match(outcome.error.message, new RegExp(`http or https with \`${name}\`, got a WebSocket`));
    }
    assert.equal(source.requests.length, 0);
  });
});
