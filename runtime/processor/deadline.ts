import type { Clock } from "../support/clock";

/** The end of an invocation, as the work inside it needs to know it. */
export interface Deadline {
  /** Aborts a little before Lambda's timeout: nothing is started any more, handlers should come to an end. */
  readonly signal: AbortSignal;
  /** Resolves when running handlers are waited for no longer; what is left of the time is for parking and answering. */
  readonly over: Promise<void>;
  /** From the start to the abort. */
  readonly usableMs: number;
  /** Ends the timers. */
  clear(): void;
}

/**
 * A tenth of the time left at entry is kept back, 1 to 5 s of it: half for handlers to finish, half to park what did not.
 * The first request to S3 alone can take some hundred milliseconds of a small function.
 */
const RESERVE_SHARE = 0.1;
const MIN_RESERVE_MS = 1_000;
const MAX_RESERVE_MS = 5_000;

/** Of no more than half the time, where a function has hardly any. */
const reserveOf = (remainingMs: number) =>
  Math.min(remainingMs / 2, MAX_RESERVE_MS, Math.max(MIN_RESERVE_MS, remainingMs * RESERVE_SHARE));

export function startDeadline(remainingMs: number, clock: Clock): Deadline {
  const reserveMs = reserveOf(remainingMs);
  const usableMs = Math.max(0, remainingMs - reserveMs);
  const cleared = new AbortController();
  const expired = new AbortController();
  const over = clock.sleep(usableMs, cleared.signal).then(() => {
    if (cleared.signal.aborted) return;
    expired.abort(new Error("The invocation's time is nearly over"));
    return clock.sleep(reserveMs / 2, cleared.signal);
  });
  return { signal: expired.signal, over, usableMs, clear: () => cleared.abort() };
}
