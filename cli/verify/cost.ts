import { PRICES } from "../size/prices";

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
  const { lambdaArmGbSecond, lambdaRequest, writeUnit } = PRICES;
  return ((hopSeconds * relayMemorySize) / 1024) * lambdaArmGbSecond + invocations * lambdaRequest + writes * writeUnit;
}
