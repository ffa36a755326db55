/** List prices of us-east-1 in 2026, in dollars. */
const ARM_GB_SECOND = 0.0000133334;
const INVOCATION = 0.2 / 1e6;
const WRITE_UNIT = 0.625 / 1e6;

/** The billable usage of one run. */
export interface Usage {
  /** Run time of the hops in seconds, including the overlap of a handover. */
  readonly hopSeconds: number;
  readonly relayMemorySize: number;
  readonly invocations: number;
  readonly writes: number;
}

/** Estimated dollars: one write unit per item, no free tier, without the fixed costs of the deployment. */
export function costOf({ hopSeconds, relayMemorySize, invocations, writes }: Usage): number {
  return (hopSeconds * relayMemorySize * ARM_GB_SECOND) / 1024 + invocations * INVOCATION + writes * WRITE_UNIT;
}
