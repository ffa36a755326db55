import type { Clock } from "pulumi-stream-ingestion/internal";
import { CliError } from "../terminal";

/** Time between two polls. */
export const POLL_MS = 1_000;

export interface Waiting {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** Polls until `read` returns a value or the timeout expires. @throws CliError INTERRUPTED */
export async function until<T>(
  clock: Clock,
  { timeoutMs, signal }: Waiting,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const end = clock.now() + timeoutMs;
  for (;;) {
    if (signal?.aborted) throw new CliError("The check was interrupted. Its stream is being stopped.", "INTERRUPTED");
    const value = await read();
    if (value !== undefined || clock.now() >= end) return value;
    await clock.sleep(POLL_MS, signal);
  }
}
