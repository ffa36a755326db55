import { StreamError } from "../support/errors";
import type { Deadline } from "./deadline";
import type { ProcessorPorts } from "./ports";

/** How the attempts ended. `interrupted`: the invocation's time ran out before the last attempt finished. */
export type Attempted<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown; readonly attempts: number; readonly interrupted: boolean };

const BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 2_000;

/**
 * Runs `work` up to 1 + `retries` times. An error with `retryable: false` is not retried, and nothing is retried after the
 * deadline. Work that is still running when `graceOver` resolves fails with PROCESSOR_TIMEOUT.
 */
export async function attempt<T>(
  work: (attempt: number) => Promise<T>,
  retries: number,
  deadline: Deadline,
  { clock, random }: Pick<ProcessorPorts, "clock" | "random">,
): Promise<Attempted<T>> {
  for (let attempts = 1; ; attempts++) {
    const outcome = await settle(work, attempts, deadline);
    if (outcome.ok) return outcome;
    const { error } = outcome;
    const interrupted = deadline.signal.aborted;
    if (interrupted || attempts > retries || isFinal(error)) return { ok: false, error, attempts, interrupted };
    // Cap first, then full jitter.
    await clock.sleep(Math.min(MAX_BACKOFF_MS, BACKOFF_MS * 2 ** (attempts - 1)) * random(), deadline.signal);
    if (deadline.signal.aborted) return { ok: false, error, attempts, interrupted: true };
  }
}

async function settle<T>(work: (attempt: number) => Promise<T>, attempts: number, deadline: Deadline) {
  const working = (async () => work(attempts))().then(
    (value) => ({ ok: true as const, value }),
    (error: unknown) => ({ ok: false as const, error }),
  );
  const outcome = await Promise.race([working, deadline.graceOver]);
  if (outcome) return outcome;
  const error = new StreamError(
    "PROCESSOR_TIMEOUT",
    "The handler did not finish before the function's timeout. Stop work when `context.signal` aborts, or increase `processor.timeoutSeconds`.",
  );
  return { ok: false as const, error };
}

function isFinal(error: unknown): boolean {
  return (error as { retryable?: unknown } | undefined)?.retryable === false;
}
