import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { startServer } from "../fakes/http-server";
import { startPublisher } from "./publisher";
import { useRecipe } from "./recipe";

const LIFETIME_SECONDS = 3;
const LONG_LIFETIME_SECONDS = 3_600;
const CLIENT = `Basic ${Buffer.from("ingestion:s%C3%A9cret%2F1").toString("base64")}`;

/** A token endpoint, and a gateway that ends a stream when its token expires and refuses that token with 401. */
async function startGateway() {
  const orders = startPublisher((n) => JSON.stringify({ order: n }));
  const tokens = new Map<string, { readonly expiresAt: number; readonly streams: Set<ServerResponse> }>();
  const grants: URLSearchParams[] = [];
  let lifetimeSeconds = LIFETIME_SECONDS;
  let refused = 0;

  function grant(body: string, response: ServerResponse): void {
    grants.push(new URLSearchParams(body));
    const token = `token-${grants.length}`;
    tokens.set(token, { expiresAt: Date.now() + lifetimeSeconds * 1_000, streams: new Set() });
    response.writeHead(200, { "content-type": "application/json", "cache-control": "no-store" });
    response.end(JSON.stringify({ access_token: token, token_type: "Bearer", expires_in: lifetimeSeconds }));
  }

  /** The token is not valid any more, and neither are its streams. */
  function end(token: string): void {
    for (const response of tokens.get(token)?.streams ?? []) response.end();
    tokens.delete(token);
  }

  const server = await startServer((request, response, body) => {
    if (request.url === "/oauth2/token") {
      if (request.headers.authorization === CLIENT) return grant(body.toString(), response);
      return void response.writeHead(401, { "content-type": "application/json" }).end('{"error":"invalid_client"}');
    }
    const token = request.headers.authorization?.replace(/^Bearer /, "") ?? "";
    const valid = tokens.get(token);
    if (valid === undefined || valid.expiresAt < Date.now()) {
      refused++;
      return void response.writeHead(401, { "www-authenticate": 'Bearer error="invalid_token"' }).end();
    }
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    const send = (data: string, n: number) => response.write(`id: ${n}\ndata: ${data}\n\n`);
    const last = Number(request.headers["last-event-id"] ?? 0);
    for (let n = last + 1; n <= orders.published.length; n++) send(orders.published[n - 1]!, n);
    const unsubscribe = orders.subscribe(send);
    valid.streams.add(response);
    const timer = setTimeout(() => end(token), valid.expiresAt - Date.now());
    response.on("close", () => {
      clearTimeout(timer);
      unsubscribe();
    });
  });
  /** Tokens that are granted from now on do not expire during the test. */
  const grantLonger = () => {
    lifetimeSeconds = LONG_LIFETIME_SECONDS;
  };
  const revokeAll = () => [...tokens.keys()].forEach(end);
  return { ...server, orders, grants, refused: () => refused, grantLonger, revokeAll };
}

describe("the recipe oauth2-gateway, on the local stack", () => {
  const running = useRecipe("oauth2-gateway", startGateway, ({ url }) => ({
    secrets: { url, tokenUrl: `${url}/oauth2/token`, clientId: "ingestion", clientSecret: "sécret/1" },
  }));

  it("stores each order once, through two handovers, expired tokens and a revoked one", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers();
    assert.ok(upstream.grants.length > 2, "an expired token is replaced");
    // The relay replaces a token that is about to expire, and would not show the revoked one.
    upstream.grantLonger();
    const granted = upstream.grants.length;
    await recipe.until("a token that does not expire", () => upstream.grants.length > granted);
    const sent = upstream.orders.published.length;
    await recipe.until("orders with it", () => upstream.orders.published.length > sent + 10);
    const [before, refused] = [upstream.orders.published.length, upstream.refused()];
    upstream.revokeAll();
    await recipe.until("a revoked token to be refused", () => upstream.refused() > refused);
    await recipe.until("orders after it", () => upstream.orders.published.length > before);
    upstream.orders.pause();
    await recipe.isComplete(upstream.orders.published);
    for (const grant of upstream.grants) {
      assert.equal(grant.get("grant_type"), "client_credentials");
      assert.equal(grant.get("scope"), "streams:read");
      assert.equal(grant.get("audience"), "https://api.example.com");
    }
  });
});
