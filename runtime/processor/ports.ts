import type { Clock } from "../support/clock";
import type { Logger } from "../support/logger";
import type { Metrics } from "../support/metrics";

/** Objects by key. Rejects with `STORE_UNAVAILABLE` when the service refuses or cannot be reached. */
export interface Bucket {
  /** `undefined` = no such object. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  put(key: string, body: Uint8Array): Promise<void>;
}

/** The outside world of a processor. In Lambda these are AWS clients; tests and `testProcessor` pass substitutes. */
export interface ProcessorPorts {
  readonly bucket: Bucket;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}
