import type { StreamView } from "./connection-api";
import type { StackEvent } from "./stack-event";

/** Totals of one run over all streams, counted from the local cloud's events. */
export interface RunTotals {
  readonly stored: number;
  /** Writes of events that were in the table already. */
  readonly repeated: number;
  /** Successful deliveries, including those of events that the processor stored in the failure bucket. */
  readonly delivered: number;
  /** Events that the processor stored in the failure bucket. */
  readonly failuresStored: number;
  /** Failed deliveries. */
  readonly failedDeliveries: number;
  readonly hops: number;
  readonly handovers: number;
  /** Longest time without a connection during a handover; negative when all of them overlapped. */
  readonly maxGapMs?: number;
}

export const NO_TOTALS: RunTotals = {
  stored: 0,
  repeated: 0,
  delivered: 0,
  failuresStored: 0,
  failedDeliveries: 0,
  hops: 0,
  handovers: 0,
};

export function count(totals: RunTotals, event: StackEvent): RunTotals {
  switch (event.kind) {
    case "stored":
      return { ...totals, stored: totals.stored + 1 };
    case "repeated":
      return { ...totals, repeated: totals.repeated + 1 };
    case "processed":
      return { ...totals, delivered: totals.delivered + 1 };
    case "failure-stored":
      return { ...totals, failuresStored: totals.failuresStored + 1 };
    case "delivery-failed":
      return { ...totals, failedDeliveries: totals.failedDeliveries + 1 };
    case "hop":
      return { ...totals, hops: totals.hops + 1 };
    case "handover": {
      const gaps = [totals.maxGapMs, event.gapMs].filter((gap) => gap !== undefined);
      return { ...totals, handovers: totals.handovers + 1, maxGapMs: gaps.length > 0 ? Math.max(...gaps) : undefined };
    }
    case "log":
      return totals;
  }
}

/** Events that the processor handled. A stored failure is reported just before its delivery. */
export function processed({ delivered, failuresStored }: RunTotals): number {
  return Math.max(0, delivered - failuresStored);
}

/** Sums of the streams' own counters: events received, duplicates among them, and reconnects. */
export function sumCounters(streams: readonly StreamView[]): {
  received: number;
  duplicates: number;
  reconnects: number;
} {
  const sum = (counter: (stream: StreamView) => number) =>
    streams.reduce((total, stream) => total + counter(stream), 0);
  return {
    received: sum(({ counters }) => counters.received),
    duplicates: sum(({ counters }) => counters.suppressed + counters.repeated),
    reconnects: sum(({ counters }) => counters.reconnects),
  };
}
