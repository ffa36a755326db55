import { type Counters, METRIC, ZERO_COUNTERS } from "../../contract";
import type { Relay } from "../../relay-port";
import type { Clock } from "../../support/clock";
import type { Metrics } from "../../support/metrics";
import { countedSince } from "./commands";
import type { HandoverMeasurement } from "./handover";

/** Writes the metrics of one hop, once a minute and once at the end. */
export interface HopMeter {
  watch(relay: Relay): Relay;
  onHandover(measured: HandoverMeasurement): void;
  /** Runs until the signal aborts, then writes what is left. */
  run(signal: AbortSignal): Promise<void>;
}

const EVERY_MS = 60_000;

export function hopMeter(clock: Clock, metrics: Metrics): HopMeter {
  const relays: { readonly relay: Relay; reported: Counters }[] = [];
  metrics({ [METRIC.hops]: 1 });

  const report = () => {
    const counted = { ...ZERO_COUNTERS };
    let lastByteAt = Number.POSITIVE_INFINITY;
    for (const one of relays) {
      const { counters, ...now } = one.relay.snapshot();
      const since = countedSince(one.reported, counters);
      for (const name of Object.keys(counted) as (keyof Counters)[]) counted[name] += since[name];
      one.reported = counters;
      if (now.connectedSince !== undefined) lastByteAt = Math.min(lastByteAt, now.lastByteAt ?? now.connectedSince);
    }
    metrics({
      ...countedValues(counted),
      [METRIC.buffered]: relays.reduce((sum, { reported }) => sum + reported.inFlight, 0),
      ...(Number.isFinite(lastByteAt) && { [METRIC.sinceLastByteMs]: clock.now() - lastByteAt }),
    });
  };

  return {
    watch: (relay) => {
      relays.push({ relay, reported: ZERO_COUNTERS });
      return relay;
    },
    onHandover: ({ gapMs }) => {
      metrics({ [METRIC.handovers]: 1, ...(gapMs !== undefined && { [METRIC.handoverGapMs]: gapMs }) });
    },
    run: async (signal) => {
      while (!signal.aborted) {
        await clock.sleep(EVERY_MS, signal);
        if (relays.length > 0) report();
      }
    },
  };
}

/** Counters with a metric. */
const METRIC_OF = {
  received: METRIC.received,
  stored: METRIC.stored,
  ignored: METRIC.ignored,
  suppressed: METRIC.suppressed,
  repeated: METRIC.repeated,
  conflicting: METRIC.conflicting,
  refused: METRIC.refused,
  abandoned: METRIC.abandoned,
  bytes: METRIC.bytes,
  reconnects: METRIC.reconnects,
  resumeLost: METRIC.resumeLost,
  missing: METRIC.missing,
  throttled: METRIC.throttled,
} as const satisfies Partial<Record<keyof Counters, string>>;

/** Written also when they are 0: a stream that delivers nothing is visible. The others would only cost: AWS bills a metric by the hour. */
const ALWAYS: ReadonlySet<string> = new Set<keyof Counters>(["received", "stored", "bytes"]);

function countedValues(counted: Counters): Record<string, number> {
  const names = Object.keys(METRIC_OF) as (keyof typeof METRIC_OF)[];
  const written = names.filter((name) => counted[name] > 0 || ALWAYS.has(name));
  return Object.fromEntries(written.map((name) => [METRIC_OF[name], counted[name]]));
}
