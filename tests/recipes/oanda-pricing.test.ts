import assert from "node:assert/strict";
import { startServer } from "../fakes/http-server";
import { startPublisher } from "./publisher";
import { LONG_LEASE_SECONDS, useRecipe } from "./recipe";

const HEARTBEAT_MS = 100;

/** A price stream: the current price of the instrument, then each new price, and heartbeats. */
async function startPricing() {
  const prices = startPublisher((n) => {
    const price = (1.1 + n / 100_000).toFixed(5);
    const time = new Date(1_790_000_000_000 + n).toISOString();
    const levels = [{ price, liquidity: 1_000_000 }];
    return JSON.stringify({ type: "PRICE", instrument: "EUR_USD", time, bids: levels, asks: levels, tradeable: true });
  });
  let heartbeats = 0;
  const server = await startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://pricing");
    if (request.headers.authorization !== "Bearer personal-token") return void response.writeHead(401).end();
    if (pathname !== "/v3/accounts/101-004-1/pricing/stream" || searchParams.get("instruments") !== "EUR_USD")
      return void response.writeHead(400).end();
    response.writeHead(200, { "content-type": "application/octet-stream" }).flushHeaders();
    const current = prices.published.at(-1);
    if (current !== undefined) response.write(`${current}\n`);
    const unsubscribe = prices.subscribe((price) => response.write(`${price}\n`));
    const timer = setInterval(() => {
      heartbeats++;
      response.write(`{"type":"HEARTBEAT","time":"${new Date().toISOString()}"}\n`);
    }, HEARTBEAT_MS);
    response.on("close", () => {
      clearInterval(timer);
      unsubscribe();
    });
  });
  return { ...server, prices, heartbeats: () => heartbeats };
}

describe("the recipe oanda-pricing, on the local stack", () => {
  const running = useRecipe("oanda-pricing", startPricing, ({ url }) => ({
    secrets: { url, account: "101-004-1", key: "personal-token" },
    hopSeconds: LONG_LEASE_SECONDS,
  }));

  it("stores each price once through two handovers, and no heartbeat", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers("overlap");
    upstream.prices.pause();
    await recipe.isComplete(upstream.prices.published);
    assert.ok(upstream.heartbeats() > 0);
  });
});
