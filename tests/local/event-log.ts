import { setTimeout as sleep } from "node:timers/promises";
import type { CloudEvent } from "stream-ingestion-local";

/** Longer than any wait on a busy machine: it only ends a test that hangs. */
const HANG_MS = 120_000;
const POLL_MS = 100;

/** What happened in a local cloud. */
export interface EventLog {
  readonly events: readonly CloudEvent[];
  readonly onEvent: (event: CloudEvent) => void;
  /** Resolves when `is` holds. It is checked after each event. */
  until(what: string, is: () => boolean | Promise<boolean>): Promise<void>;
  /** Resolves with the first past or future event that matches. */
  seen(what: string, matches: (event: CloudEvent) => boolean): Promise<CloudEvent>;
}

export function eventLog(): EventLog {
  const events: CloudEvent[] = [];
  const waiting: (() => void)[] = [];

  async function until(what: string, is: () => boolean | Promise<boolean>): Promise<void> {
    for (const end = Date.now() + HANG_MS; ; ) {
      // Before the check, so that no event is missed.
      const event = new Promise<void>((resolve) => waiting.push(resolve));
      if (await is()) return;
      const stop = new AbortController();
      await Promise.race([event, sleep(end - Date.now(), undefined, stop).catch(() => {})]);
      stop.abort();
      if (Date.now() >= end) throw new Error(`Waited ${HANG_MS / 1_000} s for ${what}.`);
    }
  }

  return {
    events,
    onEvent: (event) => {
      events.push(event);
      for (const wake of waiting.splice(0)) wake();
    },
    until,
    seen: async (what, matches) => {
      let checked = 0;
      await until(what, () => {
        while (checked < events.length) if (matches(events[checked++]!)) return true;
        return false;
      });
      return events[checked - 1]!;
    },
  };
}

/** Asks until the answer is defined, for state that no event reports. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  for (const end = Date.now() + HANG_MS; ; await sleep(POLL_MS)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (Date.now() >= end) throw new Error(`Waited ${HANG_MS / 1_000} s for ${what}.`);
  }
}
