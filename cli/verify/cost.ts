/** List prices of us-east-1 in 2026, in dollars. */
const ARM_GB_SECOND = 0.0000133334;
const INVOCATION = 0.2 / 1e6;
const WRITE_UNIT = 0.625 / 1e6;

/** What a run used, as far as it is worth counting. */
export interface Usage {
  /** Seconds that a hop ran, the overlap of a hand-over included. */
  readonly hopSeconds: number;
  readonly relayMemorySize: number;
  readonly invocations: number;
  readonly writes: number;
}

/** Dollars, estimated: items of one write unit, no free tier, and nothing for what the deployment costs anyway. */
export function costOf({ hopSeconds, relayMemorySize, invocations, writes }: Usage): number {
  return (hopSeconds * relayMemorySize * ARM_GB_SECOND) / 1024 + invocations * INVOCATION + writes * WRITE_UNIT;
}
