import type { Clock } from "../../runtime/support/clock";
import { CliError } from "../terminal";

/** Between two looks. */
export const LOOK_MS = 1_000;

export interface Waiting {
  readonly patienceMs: number;
  readonly signal?: AbortSignal;
}

/** Looks until there is a value or the patience is over. @throws CliError INTERRUPTED */
export async function until<T>(
  clock: Clock,
  { patienceMs, signal }: Waiting,
  seen: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = clock.now() + patienceMs;
  for (;;) {
    if (signal?.aborted) throw new CliError("The check was interrupted; its stream is asked to stop.", "INTERRUPTED");
    const value = await seen();
    if (value !== undefined || clock.now() >= end) return value;
    await clock.sleep(LOOK_MS, signal);
  }
}
