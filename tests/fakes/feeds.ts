import type { IncomingMessage, ServerResponse } from "node:http";
import type { Answer } from "./upstream";

interface Refusal {
  readonly status: number;
  /** Seconds. */
  readonly retryAfter?: number;
}

/** One connection, as a feed writes to it. */
export interface Outlet {
  /** Events by their number. The first call is the answer to the subscription, perhaps without events. */
  send(numbers: readonly number[]): void;
  end(code?: number): void;
  reset(): void;
  /** The socket stays open, and nothing more is sent, no answers either. */
  stall(): void;
}

export interface Connection {
  /** Sends the events after `last`, and every later one. Undefined: where the feed begins. */
  subscribe(last: number | undefined): void;
  closed(): void;
}

/** What a feed does to its next requests and its open connections. */
export interface Behaviour {
  /** Answers with this status as long as it returns one; `retryAfter` in seconds. */
  refuse?: (request: IncomingMessage, open: number) => Refusal | undefined;
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
  /** Another transport: the refusal of a request, or undefined. Call it once for each request. */
  refusal(request: IncomingMessage): Refusal | undefined;
  /** Another transport: adds a connection that was not refused. */
  connect(outlet: Outlet): Connection;
  /** Many events at once. */
  burst(count: number): void;
  /**
   * Ends all connections: by a clean end (a WebSocket with `code`), by a reset, or by sending nothing more on sockets that stay
   * open.
   */
  cut(how: "end" | "reset" | "stall", code?: number): void;
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
  const connections = new Map<Outlet, { sending: boolean }>();
  const textOf = (request: IncomingMessage, n: number) => text(request, n, `id: ${n}\ndata: ${state.sent[n - 1]}\n\n`);
  let live = false;

  const state: State = {
    sent: [],
    behaviour: {},
    get open() {
      return connections.size;
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
        for (const [outlet, { sending }] of connections) if (sending) outlet.send([n]);
      }
    },
    cut: (how, code) => {
      for (const [outlet, connection] of connections) {
        if (how === "stall") connection.sending = false;
        if (how === "stall") outlet.stall();
        else if (how === "reset") outlet.reset();
        else outlet.end(code);
      }
    },
    refusal: (request) => {
      if (state.requests++ === 0) live = true;
      return state.behaviour.refuse?.(request, state.open);
    },
    connect: (outlet) => {
      const { behaviour } = state;
      const older = [...connections];
      const connection = { sending: false };
      connections.set(outlet, connection);
      state.peak = Math.max(state.peak, state.open);
      const subscribe = (last = begin === "first" ? 0 : state.sent.length) => {
        if (!connections.has(outlet)) return;
        connection.sending = true;
        outlet.send(state.sent.slice(last).map((_, i) => last + i + 1));
        if (behaviour.newestOnly === undefined) return;
        for (const [other, its] of older) {
          its.sending = false;
          if (behaviour.newestOnly === "close") other.end();
        }
      };
      return {
        subscribe: (last) => {
          if (behaviour.subscribeDelayMs === undefined) subscribe(last);
          else setTimeout(subscribe, behaviour.subscribeDelayMs, last);
        },
        closed: () => void connections.delete(outlet),
      };
    },
    answer: (response, request) => {
      const refused = state.refusal(request);
      if (refused !== undefined) {
        if (refused.retryAfter !== undefined) response.setHeader("retry-after", refused.retryAfter);
        response.writeHead(refused.status).end();
        return;
      }
      const connection = state.connect(outletOf(response, (n) => textOf(request, n)));
      response.on("close", connection.closed);
      response.writeHead(200, { "content-type": "text/event-stream" }).flushHeaders();
      const last = request.headers["last-event-id"];
      connection.subscribe(last === undefined ? undefined : Number(last));
    },
  };
  return state;
}

function outletOf(response: ServerResponse, textOf: (n: number) => string): Outlet {
  let head = ": subscribed\n\n";
  return {
    send: (numbers) => {
      response.write(head + numbers.map(textOf).join(""));
      head = "";
    },
    end: () => void response.end(),
    reset: () => void response.socket?.resetAndDestroy(),
    stall: () => {},
  };
}

const numbered = (streamId: string, n: number) => JSON.stringify({ streamId, n });
const asIs = (_request: IncomingMessage, _n: number, text: string) => text;
