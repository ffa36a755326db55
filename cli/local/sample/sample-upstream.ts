import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { FRAMINGS, type Framing } from "./framing";
import { market, type Tick } from "./market";
import { unevenWriter } from "./uneven-writer";

/** A market-data server that behaves like real ones and records what it sent. */
export interface SampleUpstream {
  readonly url: string;
  readonly path: string;
  readonly key: string;
  readonly streamIds: readonly string[];
  /** What each stream has sent so far, each event once. */
  sent(): ReadonlyMap<string, readonly Tick[]>;
  /** How many events were written again: to a second connection, in a replay, or as a duplicate. */
  repeats(): number;
  /** Ends new events. Connections stay open, and heartbeats continue. */
  stopSending(): void;
  close(): Promise<void>;
}

export interface SampleOptions {
  readonly eventsPerSecond?: number;
  readonly random?: () => number;
}

const STREAMS: Readonly<Record<string, Framing>> = { EUR_USD: FRAMINGS.ndjson, BTC_USD: FRAMINGS.sse };
const SEND_INTERVAL_MS = 25;
const HEARTBEAT_MS = 2_000;
/** Number of events that a new connection receives again, as market-data feeds begin with the latest prices. */
const REPLAYED = 50;
/** Share of events that are written twice. */
const DUPLICATE_SHARE = 1 / 200;

interface Feed {
  readonly framing: Framing;
  readonly next: (atMs: number) => Tick;
  readonly ticks: Tick[];
  readonly clients: Set<(text: string) => void>;
  due: number;
}

/** Serves {@link STREAMS} on a free port of the loopback interface. A stream starts with its first connection. */
export async function startSampleUpstream({
  eventsPerSecond = 40,
  random = Math.random,
}: SampleOptions = {}): Promise<SampleUpstream> {
  const key = `sample-${Math.floor(random() * 1e9).toString(36)}`;
  const feeds = new Map<string, Feed>(
    Object.entries(STREAMS).map(([id, framing]) => [
      id,
      { framing, next: market(id, random), ticks: [], clients: new Set(), due: 0 },
    ]),
  );
  let repeats = 0;
  let quiet = false;

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const feed = feeds.get(decodeURIComponent(request.url?.replace(/^\/prices\//, "") ?? ""));
    const allowed = request.headers.authorization === `Bearer ${key}`;
    if (!allowed || feed === undefined) {
      response.writeHead(allowed ? 404 : 401, { "content-type": "application/json" }).end("{}");
      return;
    }
    response.writeHead(200, { "content-type": feed.framing.contentType, "cache-control": "no-store" });
    const write = unevenWriter(response, random);
    const replay = feed.ticks.slice(replayFrom(feed, request));
    repeats += replay.length;
    write(feed.framing.heartbeat + replay.map(feed.framing.event).join(""));
    feed.clients.add(write);
    response.on("close", () => feed.clients.delete(write));
  }

  function sendDue(): void {
    for (const feed of feeds.values()) {
      if (quiet || (feed.ticks.length === 0 && feed.clients.size === 0)) continue;
      feed.due += (eventsPerSecond * SEND_INTERVAL_MS * 2 * random()) / 1_000;
      while (feed.due >= 1) {
        feed.due -= 1;
        const tick = feed.next(Date.now());
        feed.ticks.push(tick);
        const duplicate = random() < DUPLICATE_SHARE;
        repeats += Math.max(0, feed.clients.size - 1) + (duplicate ? feed.clients.size : 0);
        for (const write of feed.clients) write(feed.framing.event(tick).repeat(duplicate ? 2 : 1));
      }
    }
  }

  function sendHeartbeats(): void {
    for (const { clients, framing } of feeds.values()) for (const write of clients) write(framing.heartbeat);
  }

  const server = createServer(serve);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  const timers = [setInterval(sendDue, SEND_INTERVAL_MS), setInterval(sendHeartbeats, HEARTBEAT_MS)];

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    path: "/prices/{streamId}",
    key,
    streamIds: [...feeds.keys()],
    sent: () => new Map([...feeds].map(([id, { ticks }]) => [id, ticks])),
    repeats: () => repeats,
    stopSending: () => {
      quiet = true;
    },
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** Index of the first event of a new connection: a few before Last-Event-ID, or the latest ones without it. */
function replayFrom({ framing, ticks }: Feed, request: IncomingMessage): number {
  const position = Number(request.headers["last-event-id"]);
  const known = framing.resumable && Number.isInteger(position);
  return Math.max(0, known ? Math.min(position, ticks.length) - REPLAYED / 10 : ticks.length - REPLAYED);
}
