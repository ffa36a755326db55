import type { Clock } from "../../support/clock";

/** Inputs in the order they came; one reader. */
export interface EventQueue<T> {
  put(input: T): void;
  /** The next event, or `undefined` when none came until `until` (epoch ms). */
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

/** Timers overflow above 2^31 ms; no state of a hop waits this long. */
const LONGEST_SLEEP_MS = 60 * 60 * 1000;
