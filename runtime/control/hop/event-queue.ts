import type { Clock } from "../../support/clock";

/** A first-in, first-out queue with one reader. */
export interface EventQueue<T> {
  put(event: T): void;
  /** Waits for the next event. Resolves to `undefined` when there is none by `until` (epoch ms). */
  take(until: number): Promise<T | undefined>;
}

export function eventQueue<T>(clock: Clock): EventQueue<T> {
  const waiting: T[] = [];
  let arrived = new AbortController();
  return {
    put: (event) => {
      waiting.push(event);
      arrived.abort();
    },
    take: async (until) => {
      if (waiting.length === 0 && until > clock.now()) {
        arrived = new AbortController();
        await clock.sleep(Math.min(until - clock.now(), LONGEST_SLEEP_MS), arrived.signal);
      }
      return waiting.shift();
    },
  };
}

/** Timers overflow at 2^31 ms. No state of a hop waits this long. */
const LONGEST_SLEEP_MS = 60 * 60 * 1000;
