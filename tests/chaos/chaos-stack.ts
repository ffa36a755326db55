import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { CloudEvent } from "stream-ingestion-local";
import type { ConnectionApi } from "../../cli/local/connection-api";
import { type IngestionStack, startIngestionStack } from "../../cli/local/ingestion-stack";
import { stackEventReader } from "../../cli/local/stack-event";
import { readStoredEvents, type StoredEvent } from "../../cli/local/stored-events";
import { certificate } from "../data/certificate";
import { type FeedOptions, type Feeds, startFeeds } from "../fakes/feeds";
import { startUpstream } from "../fakes/upstream";
import { startWebSocketFeeds } from "../fakes/websocket-feeds";
import { programFolder } from "../local/evaluate/program-folder";

const ROOT = resolve(__dirname, "../..");

/** A running invocation of the connection manager that serves a stream. */
export interface Hop {
  readonly requestId: string;
  readonly pid: number;
  readonly startedAt: number;
}

/** A line of the connection manager's log (runtime/control/hop/log-events.ts). */
export interface HopLine {
  readonly event: string;
  readonly requestId: string;
  readonly [field: string]: unknown;
}

/** A deployment of the component, an upstream that replays, and the recorded events by stream. */
export interface ChaosStack {
  readonly stack: IngestionStack;
  readonly api: ConnectionApi;
  readonly feeds: Feeds;
  /** Length of a hop, which all times of the protocol are shares of. */
  readonly hopMs: number;
  /** The name of a function that has run. */
  functionName(role: "manager" | "watchdog"): string;
  /** Hops that serve the stream now, oldest first. */
  hops(streamId: string): readonly Hop[];
  lines(streamId: string): readonly HopLine[];
  /** Whether Lambda ended the invocation at its timeout. */
  timedOut(requestId: string): boolean;
  /** How often each event was inserted: by key, or by the key of its pack and its number there. */
  inserted(streamId: string): ReadonlyMap<string, number>;
  /** How often each item was delivered successfully to the processor. */
  processed(streamId: string): ReadonlyMap<string, number>;
  /** Number of different events that were delivered successfully. */
  processedEvents(streamId: string): number;
  /** Polls until `is` returns true. Rejects after `timeoutMs`. */
  until(what: string, is: () => boolean, timeoutMs?: number): Promise<void>;
  stored(): Promise<readonly StoredEvent[]>;
  /** Deploys the running stack with these arguments of the component instead, as source text. */
  update(args: string): Promise<void>;
  close(): Promise<void>;
}

export interface ChaosOptions extends FeedOptions {
  readonly hopSeconds: number;
  /** @default "sse" */
  readonly transport?: Transport;
  /** Further arguments of the component, as source text. */
  readonly args?: string;
}

export type Transport = "sse" | "websocket";

/** The source's arguments after its URL and path. */
const SOURCES: Readonly<Record<Transport, () => string>> = {
  sse: () => "idleTimeoutSeconds: 2",
  websocket: () => `idleTimeoutSeconds: 4,
    tls: { ca: ${JSON.stringify(certificate().cert)} },
    resume: { kind: "message", pointer: "/n" },
    webSocket: { messages: ['{"from":"{position}"}'], pingIntervalSeconds: 1 }`,
};

const program = (source: string, args: string) => `import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "${ROOT}/components/index";
const config = new pulumi.Config();
new StreamIngestion("chaos", {
  source: { url: config.require("url"), path: "/feed/{streamId}", ${source} },
  processor: { entry: "./processor.ts" },
  ${args}
});`;
const PROCESSOR = `import { eachEvent } from "${ROOT}/runtime/processor/index";
export const handler = eachEvent(() => {});`;
/** Longer than any wait on a busy machine. */
const TIMEOUT_MS = 120_000;
const POLL_MS = 25;

export async function startChaosStack(options: ChaosOptions): Promise<ChaosStack> {
  const feeds = startFeeds(options);
  const { transport = "sse" } = options;
  const upstream =
    transport === "sse" ? await startUpstream(feeds.answer) : await startWebSocketFeeds(feeds, certificate());
  const folder = programFolder({
    "index.ts": program(SOURCES[transport](), options.args ?? ""),
    "processor.ts": PROCESSOR,
  });
  const seen = observe();
  const stack = await startIngestionStack({
    program: folder.path,
    stack: "dev",
    config: { url: upstream.url },
    secrets: {},
    hopSeconds: options.hopSeconds,
    onReport: () => {},
    onEvent: seen.onEvent,
  }).catch(async (error) => {
    folder.remove();
    feeds.close();
    await upstream.close();
    throw error;
  });
  const { api, eventTables } = stack.instances[0]!;
  for (const table of eventTables) seen.tables.add(table);

  return {
    stack,
    api: persistent(api),
    feeds,
    hopMs: options.hopSeconds * 1_000,
    functionName: (role) => {
      const name = [...seen.functions].find((one) => one.includes(role));
      if (name === undefined)
        throw new Error(`Expected a function ${role} to have run, got ${[...seen.functions].join(", ")}.`);
      return name;
    },
    hops: (streamId) => [...seen.hops.values()].filter((hop) => hop.streams.includes(streamId)),
    timedOut: (requestId) => seen.timeouts.has(requestId),
    lines: (streamId) => seen.lines.get(streamId) ?? [],
    inserted: (streamId) => seen.inserted.get(streamId) ?? new Map(),
    processed: (streamId) => seen.processed.get(streamId) ?? new Map(),
    processedEvents: (streamId) => [...(seen.handled.get(streamId)?.values() ?? [])].reduce((sum, one) => sum + one, 0),
    until: async (what, is, timeoutMs = TIMEOUT_MS) => {
      for (const end = Date.now() + timeoutMs; !is(); ) {
        if (Date.now() > end) throw new Error(`Waited ${timeoutMs} ms for ${what}`);
        await new Promise((resolve) => setTimeout(resolve, POLL_MS));
      }
    },
    update: async (args) => {
      writeFileSync(join(folder.path, "index.ts"), program(SOURCES[transport](), args));
      await stack.update();
    },
    stored: async () => (await Promise.all(eventTables.map((table) => readStoredEvents(stack.cloud, table)))).flat(),
    close: async () => {
      await stack.close();
      feeds.close();
      await upstream.close();
      folder.remove();
    },
  };
}

/** The API for an operator who repeats a call that the connection table did not answer in time. */
function persistent(api: ConnectionApi): ConnectionApi {
  async function repeated<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if ((error as { code?: string }).code !== "UNAVAILABLE") throw error;
      return repeated(call);
    }
  }
  return {
    start: (streamId) => repeated(() => api.start(streamId)),
    stop: (streamId) => repeated(() => api.stop(streamId)),
    list: () => repeated(() => api.list()),
  };
}

type Counts = Map<string, Map<string, number>>;

/** Records the events of the cloud by stream. */
function observe() {
  const tables = new Set<string>();
  const read = stackEventReader({ eventTables: tables });
  const functions = new Set<string>();
  const started = new Map<string, Omit<Hop, "requestId">>();
  const hops = new Map<string, Hop & { readonly streams: readonly string[] }>();
  const timeouts = new Set<string>();
  const lines = new Map<string, HopLine[]>();
  const inserted: Counts = new Map();
  const processed: Counts = new Map();
  /** By item: its number of events. */
  const handled: Counts = new Map();

  const onLine = (line: string) => {
    if (!line.startsWith("{")) return;
    const fields = JSON.parse(line) as HopLine & { streams?: readonly string[]; streamId?: string };
    if (typeof fields.event !== "string") return;
    const { requestId, streams = [fields.streamId ?? ""] } = fields;
    // A line can be received after the end of its invocation, because they use different channels.
    const running = started.get(requestId);
    if (fields.event === "hop-start" && running) hops.set(requestId, { requestId, streams, ...running });
    for (const streamId of streams) push(lines, streamId, fields);
  };

  const onEvent = (event: CloudEvent) => {
    if (event.kind === "invocation") {
      functions.add(event.functionName);
      if (event.phase === "start") started.set(event.requestId, { pid: event.pid!, startedAt: event.at });
      else {
        started.delete(event.requestId);
        hops.delete(event.requestId);
        if (event.phase === "timeout") timeouts.add(event.requestId);
      }
      return;
    }
    if (event.kind === "log") onLine(event.line);
    for (const streamEvent of read(event)) {
      if (streamEvent.kind === "stored") {
        const { streamId, key, events } = streamEvent;
        if (events === undefined) count(inserted, streamEvent);
        for (let n = 0; n < (events ?? 0); n++) count(inserted, { streamId, key: `${key} ${n}` });
      }
      if (streamEvent.kind === "processed") {
        count(processed, streamEvent);
        const items = handled.get(streamEvent.streamId) ?? new Map<string, number>();
        handled.set(streamEvent.streamId, items.set(streamEvent.key, streamEvent.events ?? 1));
      }
    }
  };
  return { tables, functions, hops, timeouts, lines, inserted, processed, handled, onEvent };
}

function push<T>(map: Map<string, T[]>, key: string, value: T): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [value]);
  else list.push(value);
}

function count(counts: Counts, { streamId, key }: { streamId: string; key: string }): void {
  const keys = counts.get(streamId) ?? new Map<string, number>();
  counts.set(streamId, keys.set(key, (keys.get(key) ?? 0) + 1));
}
