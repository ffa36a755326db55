import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./upstream";

/** What a feed does to its next requests and its open connections. */
export interface Behaviour {
  /** Answers with this status as long as it returns one; `retryAfter` in seconds. */
  refuse?: (request: IncomingMessage, open: number) => { status: number; retryAfter?: number } | undefined;
  /** Headers at once, events this much later: the server subscribes after it answered. */
  subscribeDelayMs?: number;
  /** A newer connection gets the events of all older ones, which are closed or get nothing more. */
  newestOnly?: "close" | "starve";
}

/** An endless numbered stream: what it sent, its connections, and how it behaves. */
export interface Feed {
  /** Data of every event so far: the n-th has the id n. */
  readonly sent: readonly string[];
  readonly behaviour: Behaviour;
  /** Connections now, and at most at once so far. */
  readonly open: number;
  readonly peak: number;
  /** Requests so far, refused ones too. */
  readonly requests: number;
  readonly answer: Answer;
  /** Many events at once. */
  burst(count: number): void;
  /** Ends all connections: by a clean end, by a reset, or by sending nothing more on sockets that stay open. */
  cut(how: "end" | "reset" | "stall"): void;
  /** No new events from here on. */
  stopSending(): void;
}

export interface FeedOptions {
  /** Of each feed. */
  readonly eventsPerSecond: number;
  /** How often events are sent: many at a time rarely, or few at a time often. */
  readonly turnMs?: number;
  /** Where a connection without a Last-Event-ID begins; at the first event unless given. */
  readonly begin?: "first" | "next";
  readonly data?: (streamId: string, n: number) => string;
  /** What one connection gets for an event, its SSE text unless given. */
  readonly text?: (request: IncomingMessage, n: number, text: string) => string;
}

interface State extends Feed {
  sent: string[];
  peak: number;
  requests: number;
  due(count: number): void;
}

/** Feeds by stream id, and the script that serves them as the last segment of the path. */
export interface Feeds {
  readonly answer: Answer;
  feed(streamId: string): Feed;
  close(): void;
}

/**
 * SSE streams that replay from Last-Event-ID and remember everything they sent, which must then be in the table. A feed
 * begins with its first connection and continues without one.
 */
export function startFeeds(options: FeedOptions): Feeds {
  const { eventsPerSecond, turnMs = 20 } = options;
  const feeds = new Map<string, State>();
  let due = 0;
  let before = performance.now();
  // By the clock, not by the turn: a busy machine sends the same number of events in fewer turns.
  const timer = setInterval(() => {
    const now = performance.now();
    due += ((now - before) * eventsPerSecond) / 1_000;
    before = now;
    const count = Math.floor(due);
    due -= count;
    for (const one of feeds.values()) one.due(count);
  }, turnMs);

  function feed(streamId: string): State {
    const one = feeds.get(streamId) ?? createFeed(streamId, options);
    feeds.set(streamId, one);
    return one;
  }
  return {
    feed,
    answer: (response, request, visit) => {
      const [, segment] = /([^/?]*)(\?.*)?$/.exec(request.url ?? "")!;
      feed(decodeURIComponent(segment!)).answer(response, request, visit);
    },
    close: () => clearInterval(timer),
  };
}

function createFeed(streamId: string, { begin = "first", data = numbered, text = asIs }: FeedOptions): State {
  const listeners = new Map<ServerResponse, { readonly request: IncomingMessage; sending: boolean }>();
  const textOf = (request: IncomingMessage, n: number) => text(request, n, `id: ${n}\ndata: ${state.sent[n - 1]}\n\n`);
  let live = false;

  const state: State = {
    sent: [],
    behaviour: {},
    get open() {
      return listeners.size;
    },
    peak: 0,
    requests: 0,
    due: (count) => {
      if (live) state.burst(count);
    },
    stopSending: () => {
      live = false;
    },
    burst: (count) => {
      for (let i = 0; i < count; i++) {
        const n = state.sent.push(data(streamId, state.sent.length + 1));
        for (const [response, { request, sending }] of listeners) if (sending) response.write(textOf(request, n));
      }
    },
    cut: (how) => {
      for (const [response, listener] of listeners) {
        if (how === "stall") listener.sending = false;
        else if (how === "reset") response.socket?.resetAndDestroy();
        else response.end();
      }
    },
    answer: (response, request) => {
      const { behaviour } = state;
      if (state.requests++ === 0) live = true;
      const refused = behaviour.refuse?.(request, state.open);
      if (refused !== undefined) {
        if (refused.retryAfter !== undefined) response.setHeader("retry-after", refused.retryAfter);
        response.writeHead(refused.status).end();
        return;
      }
      const older = [...listeners];
      const listener = { request, sending: false };
      listeners.set(response, listener);
      state.peak = Math.max(state.peak, state.open);
      response.on("close", () => listeners.delete(response));
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      const subscribe = () => {
        listener.sending = true;
        const last = Number(request.headers["last-event-id"] ?? (begin === "first" ? 0 : state.sent.length));
        const replay = state.sent.slice(last).map((_, i) => textOf(request, last + i + 1));
        response.write(`: subscribed\n\n${replay.join("")}`);
        if (behaviour.newestOnly === undefined) return;
        for (const [other, its] of older) {
          its.sending = false;
          if (behaviour.newestOnly === "close") other.end();
        }
      };
      if (behaviour.subscribeDelayMs === undefined) subscribe();
      else setTimeout(() => response.destroyed || subscribe(), behaviour.subscribeDelayMs);
    },
  };
  return state;
}

const numbered = (streamId: string, n: number) => JSON.stringify({ streamId, n });
const asIs = (_request: IncomingMessage, _n: number, text: string) => text;
