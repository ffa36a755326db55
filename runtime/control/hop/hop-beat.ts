import type { HopEvent } from "./state";

/**
 * One renewal for all streams of a hop. The first stream that holds its lease carries the beat: it renews its row as often as a stream alone, and
 * its row shows until when the hop is alive. The leases of the others are long, and their rows are written when there is something
 * to report. See docs/decisions/0028.
 */
export interface HopBeat {
  /** Whether this stream writes the beat, or nobody does yet. */
  carries(streamId: string): boolean;
  /** Epoch ms, minus the margin. After it, the watchdog may give the streams to another hop. */
  until(): number;
  /** The beat was written. */
  beaten(until: number): void;
  /** The stream holds its lease. `put` takes the events of the stream. Called again: no effect. */
  join(streamId: string, put: (event: HopEvent) => void): void;
  /** The stream leaves: another one carries the beat. */
  leave(streamId: string): void;
}

export function hopBeat(): HopBeat {
  const holders = new Map<string, (event: HopEvent) => void>();
  let until = Number.POSITIVE_INFINITY;
  const first = () => holders.keys().next().value;
  return {
    carries: (streamId) => (first() ?? streamId) === streamId,
    until: () => until,
    beaten: (at) => {
      until = at;
    },
    join: (streamId, put) => {
      if (!holders.has(streamId)) holders.set(streamId, put);
    },
    leave: (streamId) => {
      const carried = first() === streamId;
      holders.delete(streamId);
      const [next] = holders.values();
      if (carried) next?.({ kind: "carry-beat" });
    },
  };
}
