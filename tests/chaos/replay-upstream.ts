import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What an upstream does to the next requests for one stream, or to the connections it has. */
export interface Manners {
  /** Answers with this status as long as it says so; `retryAfter` in seconds. */
  refuse?: (request: IncomingMessage, open: number) => { status: number; retryAfter?: number } | undefined;
  /** Headers at once, events this much later: the server subscribes after it answered. */
  subscribeDelayMs?: number;
  /** A newer connection takes the events of all older ones, which are closed or left to starve. */
  newestOnly?: "close" | "starve";
}

/** One stream: what it sent, who listens, and how it behaves. */
export interface Feed {
  readonly ledger: readonly string[];
  readonly manners: Manners;
  readonly open: number;
  readonly peak: number;
  /** Requests so far, refused ones too. */
  readonly requests: number;
  /** Many events at once. */
  burst(count: number): void;
  /** Ends all connections: by a clean end, a reset, or by saying nothing any more on sockets that stay open. */
  cut(how: "end" | "reset" | "stall"): void;
  /** No new events from here on. */
  stopSending(): void;
}

export interface ReplayUpstream {
  readonly url: string;
  feed(streamId: string): Feed;
  close(): Promise<void>;
}

interface State extends Feed {
  ledger: string[];
  listeners: Map<ServerResponse, { sending: boolean }>;
  peak: number;
  requests: number;
  live: boolean;
}

const TURN_MS = 20;

export interface ReplayOptions {
  /** Of each stream. */
  readonly eventsPerSecond: number;
  /** How often events are sent: many at a time rarely, or few at a time often. */
  readonly turnMs?: number;
}

/**
 * An SSE server that replays from Last-Event-ID, or from the beginning without one, and remembers everything it sent: what is
 * on its ledger must be in the table. A stream begins with its first connection and goes on whether anybody listens or not.
 */
export async function startReplayUpstream({
  eventsPerSecond,
  turnMs = TURN_MS,
}: ReplayOptions): Promise<ReplayUpstream> {
  const feeds = new Map<string, State>();

  function feed(streamId: string): State {
    const known = feeds.get(streamId);
    if (known !== undefined) return known;
    const listeners: State["listeners"] = new Map();
    const made: State = {
      ledger: [],
      manners: {},
      listeners,
      get open() {
        return listeners.size;
      },
      peak: 0,
      requests: 0,
      live: false,
      stopSending: () => {
        made.live = false;
      },
      burst: (count) => send(made, streamId, count),
      cut: (how) => {
        for (const [response, listener] of listeners) {
          if (how === "stall") listener.sending = false;
          else if (how === "reset") response.socket?.resetAndDestroy();
          else response.end();
        }
      },
    };
    feeds.set(streamId, made);
    return made;
  }

  function send(to: State, streamId: string, count: number): void {
    for (let i = 0; i < count; i++) {
      to.ledger.push(JSON.stringify({ streamId, n: to.ledger.length + 1 }));
      const text = framed(to.ledger, to.ledger.length - 1);
      for (const [response, { sending }] of to.listeners) if (sending) response.write(text);
    }
  }

  function serve(request: IncomingMessage, response: ServerResponse): void {
    const to = feed(decodeURIComponent(request.url!.replace(/^\/feed\//, "")));
    const { manners, listeners } = to;
    to.requests += 1;
    if (to.requests === 1) to.live = true;
    const refused = manners.refuse?.(request, to.open);
    if (refused !== undefined) {
      if (refused.retryAfter !== undefined) response.setHeader("retry-after", refused.retryAfter);
      response.writeHead(refused.status).end();
      return;
    }
    const older = [...listeners];
    const listener = { sending: false };
    listeners.set(response, listener);
    to.peak = Math.max(to.peak, to.open);
    response.on("close", () => listeners.delete(response));
    response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
    const subscribe = () => {
      listener.sending = true;
      const position = Number(request.headers["last-event-id"] ?? 0);
      const replay = to.ledger.slice(position).map((_, i) => framed(to.ledger, position + i));
      response.write(`: subscribed\n\n${replay.join("")}`);
      if (manners.newestOnly === undefined) return;
      for (const [other, its] of older) {
        its.sending = false;
        if (manners.newestOnly === "close") other.end();
      }
    };
    if (manners.subscribeDelayMs === undefined) subscribe();
    else setTimeout(() => response.destroyed || subscribe(), manners.subscribeDelayMs);
  }

  const server = createServer(serve);
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  let due = 0;
  let before = performance.now();
  // By the clock, not by the turn: a busy machine sends the same number of events in fewer turns.
  const timer = setInterval(() => {
    const now = performance.now();
    due += ((now - before) * eventsPerSecond) / 1_000;
    before = now;
    const count = Math.floor(due);
    due -= count;
    for (const [streamId, to] of feeds) if (to.live) send(to, streamId, count);
  }, turnMs);

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    feed,
    close: async () => {
      clearInterval(timer);
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

function framed(ledger: readonly string[], index: number): string {
  return `id: ${index + 1}\ndata: ${ledger[index]}\n\n`;
}
