import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { certificate } from "../data/certificate";
import { listen } from "../fakes/http-server";
import { startPublisher } from "./publisher";
import { useRecipe } from "./recipe";

const PODS = 5;
const BOOKMARK_EVERY = 10;
const TOKEN = "service-account-token";

/**
 * The watch of an API server: without `resourceVersion` it starts with every object as ADDED, and with one after that version. A
 * version that is no longer in its history is answered with a 410 inside a 200. https://kubernetes.io/docs/reference/using-api/api-concepts/
 */
async function startApiServer() {
  const pods = new Map<string, string>();
  const history = startPublisher((n) => {
    const name = `pod-${n % PODS}`;
    const type = n % 23 === 0 ? "DELETED" : pods.has(name) ? "MODIFIED" : "ADDED";
    const object = { kind: "Pod", metadata: { name, resourceVersion: String(n) }, status: { phase: "Running" } };
    if (type === "DELETED") pods.delete(name);
    else pods.set(name, JSON.stringify({ type: "ADDED", object }));
    return JSON.stringify({ type, object });
  });
  const open = new Set<ServerResponse>();
  /** Versions up to this one are no longer in the history. */
  let compacted = 0;
  const stats = { expired: 0, bookmarks: 0 };
  /** Events that a connection got as its initial state. */
  const initial: string[] = [];

  function answer(request: IncomingMessage, response: ServerResponse): void {
    const { pathname, searchParams: query } = new URL(request.url!, "https://kubernetes");
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end();
    if (pathname !== "/api/v1/namespaces/default/pods" || query.get("watch") !== "1")
      return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "application/json" });
    const send = (event: string) => response.write(`${event}\n`);
    const version = query.get("resourceVersion");
    if (version !== null && Number(version) < compacted) {
      stats.expired++;
      const object = { kind: "Status", status: "Failure", reason: "Expired", code: 410 };
      return void response.end(`${JSON.stringify({ type: "ERROR", object })}\n`);
    }
    if (version === null) {
      initial.push(...pods.values());
      for (const pod of pods.values()) send(pod);
    } else for (const event of history.published.slice(Number(version))) send(event);
    open.add(response);
    const unsubscribe = history.subscribe((event, n) => {
      send(event);
      if (n % BOOKMARK_EVERY !== 0 || query.get("allowWatchBookmarks") !== "true") return;
      stats.bookmarks++;
      send(JSON.stringify({ type: "BOOKMARK", object: { kind: "Pod", metadata: { resourceVersion: String(n) } } }));
    });
    response.on("close", () => {
      unsubscribe();
      open.delete(response);
    });
  }
  return {
    ...(await listen(createServer(certificate(), answer))),
    history,
    initial,
    stats,
    /** Forgets the history, and ends every watch. */
    compact: () => {
      compacted = history.published.length + 1;
      for (const response of open) response.end();
    },
  };
}

describe("the recipe kubernetes-watch, on the local stack", () => {
  const running = useRecipe("kubernetes-watch", startApiServer, ({ url }) => ({
    secrets: { url: url.replace("http:", "https:"), key: TOKEN, ca: certificate().cert },
  }));

  it("stores each version of each pod once, through two handovers and an expired version", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers("overlap");
    assert.ok(upstream.stats.bookmarks > 0);
    assert.equal(upstream.stats.expired, 0);
    upstream.history.pause();
    upstream.compact();
    await recipe.until("the initial state", () => upstream.initial.length > 0);
    assert.ok(upstream.stats.expired > 0);
    const before = upstream.history.published.length;
    upstream.history.resume();
    await recipe.until("changes after it", () => upstream.history.published.length > before + PODS);
    upstream.history.pause();
    // The initial state repeats versions that are stored.
    await recipe.isComplete(upstream.history.published);
  });
});
