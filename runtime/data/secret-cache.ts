import type { SourceSecret } from "../contract";
import type { Clock } from "../support/clock";
import type { Logger } from "../support/logger";

export interface ReadSecret {
  readonly secret: SourceSecret;
  readonly version: string;
}

/** A rotated secret is seen by the next connection, and a source that ends its pages every second is not a bill. */
const SECRET_FRESH_MS = 60_000;

/** The source's secret, read again when it is older than a minute, or than asked. */
export function secretCache(read: () => Promise<ReadSecret>, clock: Clock, log: Logger) {
  let last: (ReadSecret & { readonly readAt: number }) | undefined;

  return async (maxAgeMs = SECRET_FRESH_MS): Promise<ReadSecret> => {
    if (last && clock.now() - last.readAt < maxAgeMs) return last;
    try {
      last = { ...(await read()), readAt: clock.now() };
    } catch (error) {
      // A rotation that cannot be looked up must not take a stream down that runs on the last one.
      if (!last) throw error;
      log.log("warn", "The source's secret could not be read again; going on with the last one", { error });
    }
    return last;
  };
}
