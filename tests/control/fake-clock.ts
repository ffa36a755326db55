import type { Clock } from "../../runtime/support/clock";

/** Time that moves only when told to, from timer to timer. */
export interface FakeClock extends Clock {
  /** Lets `ms` pass: wakes sleepers in order and lets everything they set off run before the next one wakes. */
  advance(ms: number): Promise<void>;
}

export function fakeClock(startAt = 1_800_000_000_000): FakeClock {
  let now = startAt;
  let sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  return {
    now: () => now,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        const wake = () => {
          sleepers = sleepers.filter((one) => one !== sleeper);
          signal?.removeEventListener("abort", wake);
          resolve();
        };
        const sleeper = { at: now + Math.max(0, ms), wake };
        sleepers.push(sleeper);
        signal?.addEventListener("abort", wake, { once: true });
      }),
    advance: async (ms) => {
      const until = now + ms;
      await settle();
      for (;;) {
        const due = sleepers.filter(({ at }) => at <= until).sort((a, b) => a.at - b.at)[0];
        if (!due) break;
        now = Math.max(now, due.at);
        due.wake();
        await settle();
      }
      now = until;
      await settle();
    },
  };
}

/** Everything that can run without time passing has run. Timers of the real clock take no part. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 4; turn++) await new Promise((resolve) => setImmediate(resolve));
}
