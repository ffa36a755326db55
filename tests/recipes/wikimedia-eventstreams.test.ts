import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { startServer } from "../fakes/http-server";
import { startPublisher } from "./publisher";
import { useRecipe } from "./recipe";

const USER_AGENT = "edits/1.0 (https://example.org; ops@example.org)";
const CANARY_EVERY = 15;
const START = 1_790_000_000_000;

/** Several events have the same time. */
const timeOf = (n: number) => START + Math.floor(n / 3);

interface Position {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp?: number;
  readonly offset?: number;
}

/**
 * A stream of two topics in Kafka. An id is the position in each of them, and a connection with `Last-Event-ID` begins with the
 * first event of that time. https://wikitech.wikimedia.org/wiki/Event_Platform/EventStreams_HTTP_Service
 */
async function startEventStreams() {
  const events = startPublisher((n) => {
    const domain = n % CANARY_EVERY === 0 ? "canary" : "en.wikipedia.org";
    const meta = { id: `event-${n}`, domain, stream: "mediawiki.recentchange", dt: new Date(timeOf(n)).toISOString() };
    return JSON.stringify({ $schema: "/mediawiki/recentchange/1.0.0", meta, wiki: "enwiki", title: `Page ${n}` });
  });
  const text = (data: string, n: number) => {
    const id: Position[] = [
      { topic: "eqiad.mediawiki.recentchange", partition: 0, timestamp: timeOf(n) },
      { topic: "codfw.mediawiki.recentchange", partition: 0, offset: -1 },
    ];
    return `event: message\nid: ${JSON.stringify(id)}\ndata: ${data}\n\n`;
  };
  const open = new Set<ServerResponse>();
  let resumed = 0;
  const server = await startServer((request, response) => {
    if (request.headers["user-agent"] !== USER_AGENT) return void response.writeHead(403).end();
    if (request.url !== "/v2/stream/recentchange") return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
    response.write(":ok\n\n");
    const last = request.headers["last-event-id"];
    if (typeof last === "string") {
      resumed++;
      const from = Math.max(...(JSON.parse(last) as Position[]).map(({ timestamp = 0 }) => timestamp));
      events.published.forEach((data, at) => {
        if (timeOf(at + 1) >= from) response.write(text(data, at + 1));
      });
    }
    const unsubscribe = events.subscribe((data, n) => response.write(text(data, n)));
    open.add(response);
    response.on("close", () => {
      open.delete(response);
      unsubscribe();
    });
  });
  /** The service ends each connection after 15 minutes. */
  const endConnections = () => {
    for (const response of open) response.end();
  };
  return { ...server, events, resumed: () => resumed, endConnections };
}

describe("the recipe wikimedia-eventstreams, on the local stack", () => {
  const running = useRecipe("wikimedia-eventstreams", startEventStreams, ({ url }) => ({
    config: { url, userAgent: USER_AGENT },
  }));

  it("stores each change once, through two handovers and the end of a connection, and no canary event", async () => {
    const { upstream, recipe } = running;
    await recipe.twoHandovers("overlap");
    const resumed = upstream.resumed();
    assert.ok(resumed >= 2);
    upstream.endConnections();
    await recipe.until("a new connection", () => upstream.resumed() > resumed);
    upstream.events.pause();
    const changes = upstream.events.published.filter((_, at) => (at + 1) % CANARY_EVERY !== 0);
    await recipe.isComplete(changes);
  });
});
