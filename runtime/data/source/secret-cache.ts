import type { SourceSecret } from "../../contract";
import type { Clock } from "../../support/clock";
import type { Logger } from "../../support/logger";

export interface ReadSecret {
  readonly secret: SourceSecret;
  readonly version: string;
}

/** Short enough to pick up a rotated secret, long enough that frequent reconnects do not cost a request each. */
const MAX_AGE_MS = 60_000;

/** Caches the source's secret and reads it again when the cached value is older than `maxAgeMs`. */
export function secretCache(read: () => Promise<ReadSecret>, clock: Clock, log: Logger) {
  let last: (ReadSecret & { readonly readAt: number }) | undefined;

  return async (maxAgeMs = MAX_AGE_MS): Promise<ReadSecret> => {
    if (last && clock.now() - last.readAt < maxAgeMs) return last;
    try {
      last = { ...(await read()), readAt: clock.now() };
    } catch (error) {
      // A failed read must not stop a stream that works with the cached secret.
      if (!last) throw error;
      log.log("warn", "The source's secret could not be read again. The relay continues with the cached version.", {
        error,
      });
    }
    return last;
  };
}
