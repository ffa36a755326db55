import type {
  EventView,
  FailureView,
  HopView,
  LogView,
  Sample,
  Snapshot,
  StreamCounters,
  StreamView,
  Update,
} from "../../../cli/console/protocol";
import { ZERO_COUNTERS } from "../../../runtime/contract";

export interface SampleFeedOptions {
  readonly streams?: number;
  /** Over all streams. */
  readonly eventsPerSecond?: number;
  readonly kind?: "local" | "deployed";
  readonly write?: boolean;
  /** Time of the snapshot. */
  readonly at?: number;
}

export interface SampleFeed {
  /** All that was sent until now. */
  snapshot(): Snapshot;
  /** What happens in the next milliseconds. */
  next(ms: number): Update;
}

type SampleHop = HopView & { readonly requestId: string };

const INSTANCES = ["prices", "orders", "telemetry"];
const HOP_MS = 15_000;
const NO_COUNTERS: StreamCounters = { ...ZERO_COUNTERS, unaccounted: 0 };

/** Plausible messages of a console's server, the same ones in every run. */
export function sampleFeed(options: SampleFeedOptions = {}): SampleFeed {
  const { streams: count = 12, eventsPerSecond = 20, kind = "local", write = true, at = 1_767_225_600_000 } = options;
  const startedAt = at - 60_000;
  let now = at;
  let eventNumber = 0;
  let remainder = 0;
  let sampledAt = at;
  const streams = Array.from({ length: count }, (_, number) => streamNumber(number, startedAt));
  const hops = new Map<string, SampleHop>();
  const events: EventView[] = [];
  const failures = [0, 1, 2].map((number) => failureNumber(number, streams[number % count]!, at));
  const logs: LogView[] = [logOf(0, at - 50_000, streams[0]!, "info", "hop-start")];
  for (const stream of streams) if (isRunning(stream)) openHop(stream, startedAt, hops);

  const sampleOf = (number: number): Sample => {
    const share = eventsPerSecond / Math.max(1, count - Math.floor(count / 6));
    const inPerSecond = isRunning(streams[number]!) ? share * (1 + 0.3 * Math.sin(now / 20_000 + number)) : 0;
    return {
      inPerSecond,
      storedPerSecond: inPerSecond,
      processedPerSecond: inPerSecond,
      lagMs: 40 + (number % 7) * 15,
    };
  };
  const totalOf = (samples: readonly Sample[]): Sample => ({
    inPerSecond: samples.reduce((sum, { inPerSecond }) => sum + inPerSecond, 0),
    storedPerSecond: samples.reduce((sum, { storedPerSecond }) => sum + storedPerSecond, 0),
    processedPerSecond: samples.reduce((sum, { processedPerSecond = 0 }) => sum + processedPerSecond, 0),
    lagMs: Math.max(0, ...samples.map(({ lagMs = 0 }) => lagMs)),
  });
  const instances = () =>
    INSTANCES.map((name) => ({
      name,
      apiUrl: `http://127.0.0.1:4566/restapis/${name}/prod`,
      total: totalOf(streams.flatMap(({ instance }, number) => (instance === name ? [sampleOf(number)] : []))),
    }));
  const sampling = () => ({ seen: eventNumber, notShown: Math.max(0, eventNumber - 2_000) });

  return {
    snapshot: () => ({
      type: "snapshot",
      v: 1,
      at: now,
      capabilities: {
        kind,
        stack: kind === "local" ? "local" : "production",
        region: "us-east-1",
        write,
        ...(!write && { readOnly: "This console only reads. Restart it with --write to allow commands." }),
        unavailable:
          kind === "local" ? {} : { lag: "CloudWatch has the lag of all streams of an instance together only." },
      },
      limits: { hops: 4_000, events: 500, failures: 500, logs: 1_000, spark: 60, sampleMs: 5_000, text: 8_192 },
      instances: instances(),
      sparks: Object.fromEntries(
        streams.map(({ id }, number) => [
          id,
          Array.from({ length: 60 }, (_, i) => (isRunning(streams[number]!) ? 5 + 3 * Math.sin((i + number) / 6) : 0)),
        ]),
      ),
      streams: streams.map((stream, number) => ({ ...stream, rates: sampleOf(number) })),
      hops: [...hops.values()],
      events: events.slice(-500),
      failures,
      logs,
      alarms: [
        {
          id: "prices-failed-streams",
          instance: "prices",
          state: "ALARM",
          since: at - 30_000,
          description: "A stream failed.",
        },
        { id: "orders-iterator-age", instance: "orders", state: "OK" },
      ],
      notices: kind === "local" ? [] : [{ id: "logs", level: "warn", text: "Logs are not shown: access is denied." }],
      sampling: sampling(),
    }),

    next(ms) {
      now += ms;
      const due = remainder + (eventsPerSecond * ms) / 1_000;
      remainder = due % 1;
      const fresh: EventView[] = [];
      for (let i = 0; i < Math.floor(due); i++) {
        const number = eventNumber % count;
        eventNumber += 1;
        const stream = streams[number]!;
        if (!isRunning(stream)) continue;
        const counters = counted(stream.counters);
        streams[number] = { ...stream, counters, lastByteAt: now, rates: sampleOf(number) };
        if (fresh.length < 25) fresh.push(eventOf(eventNumber, stream, now));
      }
      events.push(...fresh);
      events.splice(0, events.length - 500);
      const changedHops = streams.flatMap((stream, number): HopView[] => {
        const hop = stream.hop && hops.get(stream.hop.requestId);
        if (hop === undefined || now < hop.handoverAt!) return [];
        const ended = { ...hop, to: now, ended: "superseded" };
        hops.set(hop.requestId, ended);
        const next = openHop(stream, now - 119, hops, { mode: "overlap", gapMs: -119, overlapMs: 119 });
        streams[number] = withHop(stream, next);
        return [ended, next];
      });
      const isSample = now - sampledAt >= 5_000;
      if (isSample) sampledAt = now;
      const log = changedHops.map((hop, i) =>
        logOf(now + i, now, streams.find(({ id }) => id === hop.stream)!, i % 5 === 4 ? "warn" : "info", "handover"),
      );
      logs.push(...log);
      logs.splice(0, logs.length - 1_000);
      return {
        type: "update",
        at: now,
        streams: streams.filter(isRunning),
        events: fresh,
        hops: changedHops,
        logs: log,
        sampling: sampling(),
        ...(isSample && {
          instances: instances(),
          sample: {
            at: now,
            total: totalOf(streams.map((_, number) => sampleOf(number))),
            streams: Object.fromEntries(streams.map(({ id }, number) => [id, sampleOf(number)])),
          },
        }),
      };
    },
  };

  function openHop(
    stream: StreamView,
    from: number,
    into: Map<string, SampleHop>,
    seam: Partial<HopView> = {},
  ): SampleHop {
    const generation = stream.generation + (seam.mode === undefined ? 0 : 1);
    const hop: SampleHop = {
      id: `${stream.id}#${generation}`,
      stream: stream.id,
      generation,
      requestId: `${stream.streamId}-${generation}`,
      from,
      deadlineAt: from + HOP_MS,
      handoverAt: from + HOP_MS - 5_000,
      began: seam.mode === undefined ? "start" : "handover",
      ...seam,
    };
    into.set(hop.requestId, hop);
    const number = streams.findIndex(({ id }) => id === stream.id);
    if (number >= 0) streams[number] = withHop(stream, hop);
    return hop;
  }
}

function withHop(
  stream: StreamView,
  { requestId, generation, deadlineAt, handoverAt, gapMs, from }: SampleHop,
): StreamView {
  const handovers =
    gapMs === undefined
      ? stream.handovers
      : { count: (stream.handovers?.count ?? 0) + 1, lastGapMs: gapMs, maxGapMs: gapMs };
  return { ...stream, generation, connectedSince: from, handovers, hop: { requestId, deadlineAt, handoverAt } };
}

function isRunning({ state }: StreamView): boolean {
  return state === "open";
}

/** Every sixth stream does not run, each in another way. */
function streamNumber(number: number, at: number): StreamView {
  const instance = INSTANCES[number % INSTANCES.length]!;
  const streamId = `stream-${String(number).padStart(4, "0")}`;
  const others = ["waiting", "failed", "closed", "down"] as const;
  const state = number % 6 === 5 ? others[Math.floor(number / 6) % others.length]! : "open";
  return {
    id: `${instance}/${streamId}`,
    instance,
    streamId,
    state,
    since: at,
    asDesired: state === "open" || state === "closed",
    desired: state === "closed" ? "closed" : "open",
    declared: number % 2 === 0,
    generation: 1_767_225_000,
    rates: { inPerSecond: 0, storedPerSecond: 0 },
    failures: number < 3 ? 1 : 0,
    attempt: state === "waiting" ? 3 : 0,
    counters: NO_COUNTERS,
    ...(state === "open" && { connectedSince: at, lastByteAt: at }),
    ...(state === "waiting" && { retryAt: at + 120_000 }),
    ...((state === "waiting" || state === "failed") && {
      lastError: { code: "SOURCE_STATUS", message: "The upstream answered 503 Service Unavailable.", at },
    }),
  };
}

function counted(counters: StreamCounters): StreamCounters {
  const { received, stored, ignored, bytes } = counters;
  const isIgnored = received % 10 === 9;
  return {
    ...counters,
    received: received + 1,
    stored: stored + (isIgnored ? 0 : 1),
    ignored: ignored + (isIgnored ? 1 : 0),
    bytes: bytes + 120,
  };
}

function eventOf(number: number, { id, streamId }: StreamView, at: number): EventView {
  const text = JSON.stringify({ n: number, symbol: streamId, bid: 1.08 + (number % 100) / 10_000, time: at });
  return {
    id: `${id}\n${number}`,
    stream: id,
    key: `key-${number}`,
    type: number % 3 === 0 ? "quote" : "message",
    sequence: `1.1.${number}`,
    at,
    payload: { text, encoding: "utf8", bytes: text.length, cut: false },
    path: [
      { step: "received", at: at - 12 },
      { step: "stored", at: at - 4, requestId: `${streamId}-hop` },
      { step: "delivered", at: at - 1 },
      { step: "attempt", at, ok: true, requestId: `batch-${number}` },
      { step: "processed", at },
    ],
  };
}

function failureNumber(number: number, stream: StreamView, at: number): FailureView {
  const text = `{"n":${number},"bid":null}`;
  return {
    id: `failures/${stream.streamId}/failed-${number}.json`,
    stream: stream.id,
    key: `failed-${number}`,
    at: at - 20_000 + number * 1_000,
    attempts: 3,
    code: "TypeError",
    message: "Cannot read properties of null (reading 'toFixed')",
    stack: "    at handler (processor.ts:12:21)\n    at eachEvent (processor.ts:30:3)",
    type: "quote",
    payload: { text, encoding: "utf8", bytes: text.length, cut: false },
    object: `failures/${stream.streamId}/failed-${number}.json`,
    number: 0,
    eventsInObject: 1,
  };
}

function logOf(number: number, at: number, stream: StreamView, level: LogView["level"], message: string): LogView {
  const { instance, id, streamId } = stream;
  return {
    id: `log-${number}-${id}`,
    at,
    instance,
    source: "manager",
    functionName: `${instance}-connection-manager`,
    level,
    stream: id,
    requestId: `${streamId}-hop`,
    message,
    detail: JSON.stringify({ streamId, event: message }),
  };
}
