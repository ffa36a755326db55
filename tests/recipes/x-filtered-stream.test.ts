import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { startServer } from "../fakes/http-server";
import { startPublisher } from "./publisher";
import { LONG_LEASE_SECONDS, useRecipe } from "./recipe";

const HEARTBEAT_MS = 100;
const DISCONNECT = {
  errors: [
    {
      title: "operational-disconnect",
      disconnect_type: "UpstreamOperationalDisconnect",
      detail: "This stream has been disconnected upstream for operational reasons.",
      type: "https://api.x.com/2/problems/operational-disconnect",
    },
  ],
};

/** One connection at a time, an empty line as heartbeat, and the posts of the last minutes first where the request says so. */
async function startPosts() {
  const posts = startPublisher((n) => {
    const post = { data: { id: String(n), text: `post ${n}` }, matching_rules: [{ id: "1", tag: "pulumi" }] };
    // Parts of some posts cannot be read: they have errors and are posts.
    return JSON.stringify(n % 10 === 0 ? { ...post, errors: [{ title: "Not Found Error", value: "7" }] } : post);
  });
  let open: ServerResponse | undefined;
  const refused: string[] = [];
  const server = await startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://x");
    if (request.headers.authorization !== "Bearer app-token") return void response.writeHead(401).end();
    if (pathname !== "/2/tweets/search/stream") return void response.writeHead(404).end();
    if (open !== undefined) {
      refused.push("TooManyConnections");
      response.writeHead(429, { "content-type": "application/json" });
      return void response.end('{"title":"ConnectionException","connection_issue":"TooManyConnections"}');
    }
    open = response;
    response.writeHead(200, { "content-type": "application/json; charset=utf-8" }).flushHeaders();
    const send = (line: string) => response.write(`${line}\r\n`);
    if (searchParams.has("backfill_minutes")) posts.published.forEach(send);
    const unsubscribe = posts.subscribe(send);
    const timer = setInterval(() => send(""), HEARTBEAT_MS);
    response.on("close", () => {
      open = undefined;
      clearInterval(timer);
      unsubscribe();
    });
  });
  /** Ends the connection as for a restart of the server. */
  const disconnect = () => open?.end(`${JSON.stringify(DISCONNECT)}\r\n`);
  return { ...server, posts, refused, disconnect };
}

describe("the recipe x-filtered-stream, on the local stack", () => {
  const running = useRecipe("x-filtered-stream", startPosts, ({ url }) => ({
    secrets: { url, key: "app-token" },
    hopSeconds: LONG_LEASE_SECONDS,
  }));

  it("stores each post once through two handovers and a disconnection, with one connection at a time", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers("break");
    const connections = upstream.requests.length;
    upstream.disconnect();
    await recipe.until("a new connection", () => upstream.requests.length > connections);
    upstream.posts.pause();
    await recipe.isComplete(upstream.posts.published);
    assert.deepEqual(upstream.refused, []);
  });
});
