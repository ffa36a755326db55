import type { Clock } from "../support/clock";
import type { Logger } from "../support/logger";
import type { Metrics } from "../support/metrics";

/** Objects by key. Rejects with `STORE_UNAVAILABLE` where the service cannot be reached or refuses. */
export interface Bucket {
  /** `undefined` = no such object. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  put(key: string, body: Uint8Array): Promise<void>;
}

/** Everything a processor touches besides its user's code: the edge gives the real ones, tests and `testProcessor` others. */
export interface ProcessorPorts {
  readonly bucket: Bucket;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
