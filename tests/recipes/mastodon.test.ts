import assert from "node:assert/strict";
import { startServer } from "../fakes/http-server";
import { startPublisher } from "./publisher";
import { LONG_LEASE_SECONDS, useRecipe } from "./recipe";

const THUMP_MS = 100;

/** Of ten events, one is an edit, one a deletion and one a change of the user's filters; the others are new posts. */
function eventOf(n: number): { readonly type: string; readonly data: string } {
  const post = (id: number, more = {}) =>
    JSON.stringify({ id: String(id), uri: `https://mastodon.example/${id}`, content: "<p>Hello</p>", ...more });
  if (n % 10 === 5) return { type: "status.update", data: post(n - 1, { edited_at: new Date(n).toISOString() }) };
  if (n % 10 === 7) return { type: "delete", data: String(n - 1) };
  if (n % 10 === 9) return { type: "filters_changed", data: "undefined" };
  return { type: "update", data: post(n) };
}

/** A timeline as server-sent events without ids, with a comment as heartbeat. https://docs.joinmastodon.org/methods/streaming/ */
async function startTimeline() {
  const events = startPublisher((n) => eventOf(n).data);
  const server = await startServer((request, response) => {
    if (request.headers.authorization !== "Bearer user-token") return void response.writeHead(401).end();
    if (request.url !== "/api/v1/streaming/public") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(":)\n");
    const unsubscribe = events.subscribe((data, n) => response.write(`event: ${eventOf(n).type}\ndata: ${data}\n\n`));
    const timer = setInterval(() => response.write(":thump\n"), THUMP_MS);
    response.on("close", () => {
      clearInterval(timer);
      unsubscribe();
    });
  });
  return { ...server, events };
}

describe("the recipe mastodon, on the local stack", () => {
  const running = useRecipe("mastodon", startTimeline, ({ url }) => ({
    secrets: { url, key: "user-token" },
    hopSeconds: LONG_LEASE_SECONDS,
  }));

  it("stores each post, edit and deletion once through two handovers, with its type", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers("overlap");
    upstream.events.pause();
    const sent = upstream.events.published
      .map((_, at) => eventOf(at + 1))
      .filter(({ type }) => type !== "filters_changed");
    await recipe.isComplete(sent.map(({ data }) => data));
    const types = recipe.logs.flatMap((line) => /"type":"(\w[\w.]*)","post"/.exec(line)?.[1] ?? []);
    const count = (list: readonly string[], type: string) => list.filter((one) => one === type).length;
    for (const type of ["update", "status.update", "delete"])
      assert.equal(
        count(types, type),
        count(
          sent.map((event) => event.type),
          type,
        ),
        type,
      );
  });
});
