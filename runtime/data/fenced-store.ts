import type { Storing } from "../relay-port";
import type { Clock } from "../support/clock";
import { StreamError } from "../support/errors";
import type { EventStore } from "./event-store";

/**
 * Starts no write after the end of the lease: the successor has read by then what this hop stored, and a later pack would be stored
 * twice. A renewed lease permits writes again.
 */
export function fencedStore(store: EventStore, { until, requestMs }: Storing, clock: Clock): EventStore {
  return {
    write: async (items, signal) => {
      if (clock.now() < until()) {
        const timeout = AbortSignal.timeout(requestMs);
        return store.write(items, signal ? AbortSignal.any([signal, timeout]) : timeout);
      }
      throw new StreamError("STORE_UNAVAILABLE", "The lease ended, and another hop may store the events.", {
        retryable: true,
      });
    },
  };
}
