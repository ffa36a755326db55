import assert from "node:assert/strict";
import { startServer } from "../fakes/http-server";
import { startPublisher } from "./publisher";
import { useRecipe } from "./recipe";

const KEEPALIVE_MS = 100;
const TOPIC = "disk-alerts";

/** A topic: `open` first, then the messages after `since`, then new ones, and keepalives. https://docs.ntfy.sh/subscribe/api/ */
async function startTopic() {
  let ids = 0;
  const line = (event: string, id: string, more = {}) =>
    JSON.stringify({ id, time: 1_790_000_000 + ids, event, topic: TOPIC, ...more });
  const messages = startPublisher((n) => line("message", `message-${n}`, { message: "Disk full" }));
  /** Positions that are not the id of a message. */
  const unknown: string[] = [];
  const since: string[] = [];
  const server = await startServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, "http://ntfy");
    if (request.headers.authorization !== "Bearer tk_reader") return void response.writeHead(401).end();
    if (pathname !== `/${TOPIC}/json`) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "application/x-ndjson; charset=utf-8" });
    const send = (event: string) => response.write(`${event}\n`);
    send(line("open", `open-${++ids}`));
    const position = searchParams.get("since");
    if (position !== null) {
      since.push(position);
      const at = messages.published.findIndex((message) => (JSON.parse(message) as { id: string }).id === position);
      if (at === -1) unknown.push(position);
      messages.published.slice(at + 1).forEach(send);
    }
    const unsubscribe = messages.subscribe(send);
    const timer = setInterval(() => send(line("keepalive", `keepalive-${++ids}`)), KEEPALIVE_MS);
    response.on("close", () => {
      clearInterval(timer);
      unsubscribe();
    });
  });
  return { ...server, messages, unknown, since };
}

describe("the recipe ntfy, on the local stack", () => {
  const running = useRecipe("ntfy", startTopic, ({ url }) => ({ secrets: { url, key: "tk_reader" } }));

  it("stores each message once through two handovers, and resumes from ids of messages only", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers("overlap");
    upstream.messages.pause();
    await recipe.isComplete(upstream.messages.published);
    assert.ok(upstream.since.length >= 2);
    assert.deepEqual(upstream.unknown, []);
  });
});
