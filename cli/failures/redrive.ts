import { type Failure, type FailureReason, redriveBatch, redriveOversize } from "pulumi-stream-ingestion/internal";
import { batchesOf } from "./batches";
import type { FailureObject, FailureStore } from "./failure-store";
import { type InvokeProcessor, processInOrder } from "./invoke-processor";
import { type RewriteOptions, rewriteObjects } from "./rewrite-objects";

export interface RedriveDeps extends Pick<RewriteOptions, "signal" | "onProgress"> {
  readonly store: FailureStore;
  readonly invoke: InvokeProcessor;
  readonly now: () => number;
  /** Called for each event; `error` is set when it failed again. */
  readonly onEvent: (failure: Failure, error: FailureReason | undefined) => void;
  /** Called for an object that cannot be parsed. It counts as failed and stays in the bucket. */
  readonly onUnreadable: (key: string, error: Error) => void;
}

export interface RedriveResult {
  readonly processed: number;
  readonly failed: number;
  /** Whether the signal left no object. */
  readonly isComplete: boolean;
}

/**
 * Sends the events in `objects` (only those of `stream`, if set) to the processor, oldest first and in batches, and
 * removes those that succeed. An event that fails again stays under its own key with the new error. Safe to repeat.
 */
export async function redrive(
  objects: readonly FailureObject[],
  stream: string | undefined,
  { store, invoke, now, onEvent, onUnreadable, signal, onProgress = () => {} }: RedriveDeps,
): Promise<RedriveResult> {
  let processed = 0;
  let failed = 0;
  let left = objects.length;
  await rewriteObjects(objects, stream, {
    store,
    signal,
    onProgress(done) {
      left -= done;
      onProgress(done);
    },
    async handle(failures) {
      for (const failure of failures) {
        const oversize = redriveOversize(failure);
        if (oversize) await store.put(oversize.key, oversize.bytes);
      }
      const errors: (FailureReason | undefined)[] = [];
      for (const batch of batchesOf(failures, (failure) => JSON.stringify(failure).length))
        errors.push(...(await processInOrder(redriveBatch(...batch).Records, invoke)));
      return failures.map((failure, index) => {
        const error = errors[index];
        onEvent(failure, error);
        if (error === undefined) {
          processed++;
          return undefined;
        }
        failed++;
        return { ...failure, error, attempts: failure.attempts + 1, at: now() };
      });
    },
    onUnreadable(key, error) {
      failed++;
      onUnreadable(key, error);
    },
  });
  return { processed, failed, isComplete: left === 0 };
}
