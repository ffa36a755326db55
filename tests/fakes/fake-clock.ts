import type { Clock } from "../../runtime/support/clock";

/** Time that a test moves, from timer to timer. */
export interface FakeClock extends Clock {
  /** Every wait so far, in milliseconds, in the order in which the waits began. */
  readonly sleeps: readonly number[];
  /** Lets `ms` pass: wakes sleepers in order, and lets everything that one starts run before the next one wakes. */
  advance(ms: number): Promise<void>;
}

export interface FakeClockOptions {
  readonly startAt?: number;
  /** Waits up to this long pass by themselves, as soon as nothing else is left to run; none unless given. */
  readonly autoMs?: number;
}

interface Sleeper {
  readonly at: number;
  readonly wake: () => void;
}

export function fakeClock({
  startAt = 1_800_000_000_000,
  autoMs = Number.NEGATIVE_INFINITY,
}: FakeClockOptions = {}): FakeClock {
  let now = startAt;
  let sleepers: Sleeper[] = [];
  const sleeps: number[] = [];

  async function advance(ms: number): Promise<void> {
    const until = now + ms;
    await settle();
    for (;;) {
      const due = sleepers.reduce<Sleeper | undefined>(
        (first, one) => (one.at < (first?.at ?? Number.POSITIVE_INFINITY) ? one : first),
        undefined,
      );
      if (!due || due.at > until) break;
      now = Math.max(now, due.at);
      due.wake();
      await settle();
    }
    now = Math.max(now, until);
    await settle();
  }

  return {
    sleeps,
    advance,
    now: () => now,
    sleep: (ms, signal) => {
      sleeps.push(ms);
      return new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          sleepers = sleepers.filter((one) => one !== sleeper);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        const sleeper = { at: now + Math.max(0, ms), wake };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", wake, { once: true });
        if (ms <= autoMs) setImmediate(() => sleepers.includes(sleeper) && void advance(Math.max(0, sleeper.at - now)));
      });
    },
  };
}

/** Resolves when everything that can run without time passing has run. Timers of the real clock take no part. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
