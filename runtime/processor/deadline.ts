import type { Clock } from "../support/clock";

/** The deadlines of one invocation. */
export interface Deadline {
  /** Aborts shortly before Lambda's timeout. Nothing new starts, and running handlers must stop. */
  readonly signal: AbortSignal;
  /** Whether it is time to stop. Aborts {@link signal} if so: after code that never waits, the timer has not run yet. */
  isOver(): boolean;
  /** Resolves when the wait for running handlers ends. The remaining time is for storing failures and answering. */
  readonly graceOver: Promise<void>;
  /** Time from the start to the abort. */
  readonly usableMs: number;
  /** Cancels the timers. */
  clear(): void;
}

/**
 * A tenth of the remaining time is reserved, at least 1 s and at most 5 s: half for handlers to finish, half to store
 * failures. The first request to S3 can take some hundred milliseconds in a small function.
 */
const RESERVE_SHARE = 0.1;
const MIN_RESERVE_MS = 1_000;
const MAX_RESERVE_MS = 5_000;

/** At most half of the remaining time, for functions with a very short timeout. */
const reserveOf = (remainingMs: number) =>
  Math.min(remainingMs / 2, MAX_RESERVE_MS, Math.max(MIN_RESERVE_MS, remainingMs * RESERVE_SHARE));

export function startDeadline(remainingMs: number, clock: Clock): Deadline {
  const reserveMs = reserveOf(remainingMs);
  const usableMs = Math.max(0, remainingMs - reserveMs);
  const cleared = new AbortController();
  const expired = new AbortController();
  const endsAt = clock.now() + usableMs;
  const expire = () => expired.abort(new Error("The invocation is close to its timeout."));
  const graceOver = clock.sleep(usableMs, cleared.signal).then(() => {
    if (cleared.signal.aborted) return;
    expire();
    return clock.sleep(reserveMs / 2, cleared.signal);
  });
  return {
    signal: expired.signal,
    isOver: () => {
      if (clock.now() >= endsAt) expire();
      return expired.signal.aborted;
    },
    graceOver,
    usableMs,
    clear: () => cleared.abort(),
  };
}
