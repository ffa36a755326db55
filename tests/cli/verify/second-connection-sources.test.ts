import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";
import { listen } from "../../../cli/verify/second-connection";
import { upstreamSecret } from "../../../cli/verify/upstream-secret";
import type { SourceSecret } from "../../../runtime/contract";
import { certificate } from "../../data/certificate";
import { relaySettings, type Settings } from "../../data/harness";
import { expectedSignature } from "../../data/signature";
import { startConnectProxy } from "../../fakes/connect-proxy";
import { startServer } from "../../fakes/http-server";
import { startTokenEndpoint } from "../../fakes/token-endpoint";

const { key, cert } = certificate();
const AWS = { region: "eu-west-1", credentials: async () => ({ accessKeyId: "AKID", secretAccessKey: "hidden-key" }) };

/** The second connection of `verify` uses the transport and the credentials of the relay. */
describe("a second connection to each kind of source", () => {
  const closing: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  const observe = async (url: string, { source }: Settings, members: Partial<SourceSecret> = {}) => {
    const settings = relaySettings({ source: { auth: { kind: "none" }, ...source } });
    const secret = upstreamSecret({ url, file: JSON.stringify(members) }, "EUR_USD", settings.source);
    const target = { ...secret, streamId: "EUR_USD", settings, aws: AWS };
    const { events, ended } = await listen(target, { signal: new AbortController().signal });
    return { data: events.map(({ beginning }) => beginning), ended };
  };
  const serve = async () => {
    const bodies: string[] = [];
    const server = await startServer((_, response, body) => {
      bodies.push(body.toString());
      response.writeHead(200, { "content-type": "application/x-ndjson" }).end("1\n2\n");
    });
    closing.push(server.close);
    return { ...server, bodies };
  };
  const listening = async (server: Server) => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    closing.push(() => {
      server.closeAllConnections();
      server.close();
    });
    return (server.address() as AddressInfo).port;
  };
  const RECEIVED = { data: ["1", "2"], ended: "the upstream ended it" };

  it("sends a POST with the body of the file", async () => {
    const server = await serve();
    const source = { method: "POST", end: "complete" } as const;
    assert.deepEqual(await observe(`${server.url}/x`, { source }, { body: '{"id":"{streamId}"}' }), RECEIVED);
    assert.deepEqual([server.requests[0]!.method, server.bodies], ["POST", ['{"id":"EUR_USD"}']]);
  });

  it("sends an access token of the file's client", async () => {
    const server = await serve();
    const endpoint = await startTokenEndpoint();
    closing.push(endpoint.close);
    const members = { key: "client-secret", oauth2: { tokenUrl: endpoint.tokenUrl, clientId: "verify" } };
    const source = { auth: { kind: "oauth2", clientAuth: "basic" } } as const;
    assert.deepEqual(await observe(`${server.url}/x`, { source }, members), RECEIVED);
    assert.equal(server.requests[0]!.headers.authorization, "Bearer token-1");
  });

  it("signs with the operator's credentials", async () => {
    const server = await serve();
    const source = { auth: { kind: "aws-sigv4", service: "execute-api" } } as const;
    assert.deepEqual(await observe(`${server.url}/x`, { source }), RECEIVED);
    const request = { method: "GET", path: "/x", query: "", body: "" };
    const { actual, expected } = expectedSignature(server.requests[0]!, request);
    assert.equal(actual, expected);
  });

  it("presents the file's client certificate, and trusts its authority", async () => {
    const options = { key, cert, ca: cert, requestCert: true, rejectUnauthorized: true };
    const server = createHttpsServer(options, (_, response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" }).end("1\n2\n");
    });
    const url = `https://127.0.0.1:${await listening(server as unknown as Server)}/x`;
    assert.deepEqual(await observe(url, {}, { tls: { ca: cert, cert, key } }), RECEIVED);
    assert.match((await observe(url, {})).ended!, /self-signed|SELF_SIGNED/);
  });

  it("connects through the file's proxy", async () => {
    const proxy = await startConnectProxy("ann:pass");
    closing.push(proxy.close);
    const server = createHttpsServer({ key, cert }, (_, response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" }).end("1\n2\n");
    });
    const port = await listening(server as unknown as Server);
    const members = { proxy: proxy.url, tls: { ca: cert } };
    assert.deepEqual(await observe(`https://127.0.0.1:${port}/x`, {}, members), RECEIVED);
    assert.deepEqual(proxy.tunnels, [`127.0.0.1:${port}`]);
  });

  it("reads a WebSocket after the file's messages, and reports a close code", async () => {
    const server = createHttpsServer({ key, cert }) as unknown as Server;
    const sockets = new WebSocketServer({ server });
    const requests: IncomingMessage[] = [];
    sockets.on("connection", (socket, request) => {
      requests.push(request);
      socket.on("message", (message) => {
        socket.send("1");
        socket.send(String(message));
        socket.close(requests.length === 1 ? 1000 : 4401);
      });
    });
    const url = `wss://127.0.0.1:${await listening(server)}/x`;
    const members = { messages: ['{"subscribe":"{streamId}"}'], tls: { ca: cert } };
    const data = ["1", '{"subscribe":"EUR_USD"}'];
    assert.deepEqual(await observe(url, {}, members), { ...RECEIVED, data });
    const refused = await observe(url, {}, members);
    assert.deepEqual(refused.data, data);
    assert.match(refused.ended!, /^the upstream answered 401\. Check that STREAM_INGESTION_VERIFY_KEY is set/);
  });

  it("reads plain http for a source on this machine", async () => {
    const plain = createServer((_, response) => void response.writeHead(404).end());
    const { ended } = await observe(`http://127.0.0.1:${await listening(plain)}/x`, {});
    assert.match(ended!, /^the upstream answered 404\. Check --upstream/);
  });
});
