import { StreamError } from "../support/errors";
import type { Deadline } from "./deadline";
import type { ProcessorPorts } from "./ports";

/** How a piece of work ended. `interrupted`: the invocation's time was over before it could be tried to the end. */
export type Attempted<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly error: unknown; readonly attempts: number; readonly interrupted: boolean };

const BACKOFF_MS = 200;
const MAX_BACKOFF_MS = 2_000;

/**
 * Tries `work` up to 1 + `retries` times. An error that says `retryable: false` is not tried again, and none is after the
 * deadline. Work that outlasts the deadline is waited for no longer: it fails with PROCESSOR_TIMEOUT.
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
  const over = deadline.over.then(() => ({
    ok: false as const,
    error: new StreamError(
      "PROCESSOR_TIMEOUT",
      "The handler had not finished when the invocation's time was nearly over. Stop at context.signal, or raise processor.timeoutSeconds",
    ),
  }));
  return Promise.race([working, over]);
}

function isFinal(error: unknown): boolean {
  return (error as { retryable?: unknown } | undefined)?.retryable === false;
}
