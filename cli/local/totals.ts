import { type Counters, ZERO_COUNTERS } from "pulumi-stream-ingestion/internal";
import type { StreamView } from "./connection-api";
import type { StackEvent } from "./stack-event";

/** Totals of one run over all streams, counted from the local cloud's events. */
export interface RunTotals {
  /** New events in the table. */
  readonly stored: number;
  /** Writes of events that were in the table already. */
  readonly overwritten: number;
  /** Events that the processor handled. */
  readonly processed: number;
  /** Events that were stored in the failure bucket, also those that were redriven or discarded since. */
  readonly failuresStored: number;
  /** Events that Lambda gave up on and that were not stored in the failure bucket. */
  readonly lost: number;
  /** Failed deliveries. */
  readonly failedDeliveries: number;
  readonly hops: number;
  /** Hops that ended without a successor or at Lambda's timeout. */
  readonly lateHops: number;
  readonly handovers: number;
  /** Longest time without a connection during a handover; negative when all of them overlapped. */
  readonly maxGapMs?: number;
}

export const NO_TOTALS: RunTotals = {
  stored: 0,
  overwritten: 0,
  processed: 0,
  failuresStored: 0,
  lost: 0,
  failedDeliveries: 0,
  hops: 0,
  lateHops: 0,
  handovers: 0,
};

export function count(totals: RunTotals, event: StackEvent): RunTotals {
  switch (event.kind) {
    case "stored":
      return { ...totals, stored: totals.stored + (event.events ?? 1) };
    case "overwritten":
      return { ...totals, overwritten: totals.overwritten + 1 };
    case "processed":
      return { ...totals, processed: totals.processed + (event.events ?? 1) };
    case "failure-stored":
      return { ...totals, failuresStored: totals.failuresStored + (event.events ?? 1) };
    case "lost":
      return { ...totals, lost: totals.lost + (event.events ?? 1) };
    case "delivery-failed":
      return { ...totals, failedDeliveries: totals.failedDeliveries + 1 };
    case "hop":
      return { ...totals, hops: totals.hops + 1 };
    case "hop-late":
      return { ...totals, lateHops: totals.lateHops + 1 };
    case "handover": {
      const gaps = [totals.maxGapMs, event.gapMs].filter((gap) => gap !== undefined);
      return { ...totals, handovers: totals.handovers + 1, maxGapMs: gaps.length > 0 ? Math.max(...gaps) : undefined };
    }
    case "log":
    case "denied":
    case "initialised":
    case "init-failed":
      return totals;
  }
}

const NAMES = Object.keys(ZERO_COUNTERS) as (keyof Counters)[];

/** The counters of all streams together. */
export function sumCounters(streams: readonly Pick<StreamView, "counters">[]): Counters {
  const sums = NAMES.map((name) => [name, streams.reduce((sum, { counters }) => sum + (counters[name] ?? 0), 0)]);
  return Object.fromEntries(sums);
}

type CountedStream = Pick<StreamView, "instance" | "streamId" | "counters">;

/** The streams with what they counted in a run, since a data folder keeps those of earlier runs, as they were `before`. */
export function countedInRun<T extends CountedStream>(before: readonly CountedStream[], streams: readonly T[]): T[] {
  const idOf = ({ instance, streamId }: CountedStream) => `${instance}/${streamId}`;
  const earlier = new Map(before.map((stream) => [idOf(stream), stream.counters]));
  return streams.map((stream) => ({
    ...stream,
    counters: countedSince(
      { ...ZERO_COUNTERS, ...earlier.get(idOf(stream)) },
      { ...ZERO_COUNTERS, ...stream.counters },
    ),
  }));
}

/**
 * The counters without those before. Events that were in flight or unknown then, and still are, belong to the earlier run. Those that
 * a hop has settled since belong to this one, as if received in it.
 */
function countedSince(before: Counters, after: Counters): Counters {
  const open = before.unknown + before.inFlight;
  const unknown = Math.min(open, after.unknown);
  const inFlight = Math.min(open - unknown, after.inFlight);
  const earlier = { ...before, unknown, inFlight, received: before.received - (open - unknown - inFlight) };
  return Object.fromEntries(NAMES.map((name) => [name, after[name] - earlier[name]])) as unknown as Counters;
}
