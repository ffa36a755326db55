import type { StreamView } from "./connection-api";
import type { StackEvent } from "./stack-event";

/** Running totals over all streams, as the cloud saw them happen. */
export interface Tally {
  readonly stored: number;
  /** Writes of events that the table had. */
  readonly repeated: number;
  /** Deliveries that need no other; what was parked is among them. */
  readonly delivered: number;
  /** Events that the processor put into the failure bucket. */
  readonly parked: number;
  /** Deliveries that failed. */
  readonly failed: number;
  readonly hops: number;
  readonly handovers: number;
  /** Longest time without a connection at a hand-over; negative = they always overlapped. */
  readonly maxGapMs?: number;
}

export const NOTHING_YET: Tally = { stored: 0, repeated: 0, delivered: 0, parked: 0, failed: 0, hops: 0, handovers: 0 };

export function count(tally: Tally, event: StackEvent): Tally {
  switch (event.kind) {
    case "stored":
      return { ...tally, stored: tally.stored + 1 };
    case "repeated":
      return { ...tally, repeated: tally.repeated + 1 };
    case "processed":
      return { ...tally, delivered: tally.delivered + 1 };
    case "parked":
      return { ...tally, parked: tally.parked + 1 };
    case "failed":
      return { ...tally, failed: tally.failed + 1 };
    case "hop":
      return { ...tally, hops: tally.hops + 1 };
    case "handover": {
      const gaps = [tally.maxGapMs, event.gapMs].filter((gap) => gap !== undefined);
      return { ...tally, handovers: tally.handovers + 1, maxGapMs: gaps.length > 0 ? Math.max(...gaps) : undefined };
    }
    case "log":
      return tally;
  }
}

/** Events that the processor handled. A parked one is reported a moment before its delivery. */
export function processed({ delivered, parked }: Tally): number {
  return Math.max(0, delivered - parked);
}

/** What the streams say of themselves, added up: what was read, and what of it was never written a second time. */
export function totals(streams: readonly StreamView[]): { received: number; duplicates: number; reconnects: number } {
  const sum = (of: (stream: StreamView) => number) => streams.reduce((total, stream) => total + of(stream), 0);
  return {
    received: sum(({ counters }) => counters.received),
    duplicates: sum(({ counters }) => counters.suppressed + counters.repeated),
    reconnects: sum(({ counters }) => counters.reconnects),
  };
}
