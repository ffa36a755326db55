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
      ...valuesOf(counted),
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

function valuesOf(counted: Counters): Record<string, number> {
  const { received, stored, suppressed, refused, abandoned, bytes, reconnects } = counted;
  return {
    [METRIC.received]: received,
    [METRIC.stored]: stored,
    [METRIC.suppressed]: suppressed,
    [METRIC.refused]: refused,
    [METRIC.abandoned]: abandoned,
    [METRIC.bytes]: bytes,
    [METRIC.reconnects]: reconnects,
  };
}
