import type { Clock } from "pulumi-stream-ingestion/internal";
import { CliError } from "../terminal";

/** Time between two polls. */
export const POLL_MS = 1_000;
const MIN_REPORT_MS = 30_000;

export interface Waiting {
  readonly timeoutMs: number;
  /** @default POLL_MS */
  readonly pollMs?: number;
  readonly signal?: AbortSignal;
  /** Called about ten times during a long wait. */
  readonly onWait?: (waitedMs: number) => void;
}

/**
 * Polls until `read` returns a value or the timeout expires. An API that cannot be reached meanwhile is read again, so that a short
 * fault of the network does not end a run of hours.
 *
 * @throws CliError INTERRUPTED
 */
export async function until<T>(
  clock: Clock,
  { timeoutMs, pollMs = POLL_MS, signal, onWait = () => {} }: Waiting,
  read: () => Promise<T | undefined>,
): Promise<T | undefined> {
  const startedAt = clock.now();
  const reportMs = Math.max(MIN_REPORT_MS, timeoutMs / 10);
  let reportAt = reportMs;
  for (;;) {
    throwIfInterrupted(signal);
    const value = await read().catch((error: unknown) => {
      const isUnreachable = (error as CliError).code === "UNREACHABLE";
      if (!isUnreachable || clock.now() - startedAt >= timeoutMs) throw error;
      return undefined;
    });
    const waitedMs = clock.now() - startedAt;
    if (value !== undefined || waitedMs >= timeoutMs) return value;
    if (waitedMs >= reportAt) {
      reportAt += reportMs;
      onWait(waitedMs);
    }
    await clock.sleep(Math.min(pollMs, timeoutMs - waitedMs), signal);
  }
}

/** Waits. @throws CliError INTERRUPTED */
export async function pause(clock: Clock, waiting: Waiting): Promise<void> {
  await until(clock, waiting, async () => undefined);
}

/** @throws CliError INTERRUPTED */
export function throwIfInterrupted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new CliError("The check was interrupted.", "INTERRUPTED");
}
