import {
  type Failure,
  type FailureReason,
  failureObjectKey,
  groupBy,
  readFailureObject,
  redriveBatch,
  redriveOversize,
} from "pulumi-stream-ingestion/internal";
import type { FailureObject, FailureStore } from "./failure-store";
import type { InvokeProcessor } from "./invoke-processor";

export interface RedriveDeps {
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
}

/** Streams in parallel. The events of one stream are sent in sequence, as by the event source mapping. */
const CONCURRENCY = 4;

/**
 * Sends the events in `objects` (only those of `stream`, if set) to the processor, oldest first, one per invocation, and
 * removes those that succeed. An event that fails again stays under its own key with the new error. It is written before the
 * old object is deleted, and a missing object is skipped, so that a second redrive, even at the same time, loses nothing.
 */
export async function redrive(
  objects: readonly FailureObject[],
  stream: string | undefined,
  { store, invoke, now, onEvent, onUnreadable }: RedriveDeps,
): Promise<RedriveResult> {
  let processed = 0;
  let failed = 0;

  const send = async (failure: Failure): Promise<Failure | undefined> => {
    const oversize = redriveOversize(failure);
    if (oversize) await store.put(oversize.key, oversize.bytes);
    const error = await invoke(redriveBatch(failure));
    onEvent(failure, error);
    if (error === undefined) {
      processed++;
      return undefined;
    }
    failed++;
    return { ...failure, error, attempts: failure.attempts + 1, at: now() };
  };

  const readable = (key: string, text: string): readonly Failure[] => {
    try {
      return readFailureObject(text);
    } catch (error) {
      failed++;
      onUnreadable(key, error as Error);
      return [];
    }
  };

  const redriveObject = async ({ key }: FailureObject) => {
    const text = await store.get(key);
    if (text === undefined) return;
    const failures = readable(key, text);
    const selected = failures.filter(({ streamId }) => stream === undefined || streamId === stream);
    if (selected.length === 0) return;
    let keepObject = false;
    for (const failure of failures) {
      const remaining = selected.includes(failure) ? await send(failure) : failure;
      if (remaining === undefined) continue;
      const ownKey = failureObjectKey(remaining.streamId, remaining.key);
      keepObject ||= ownKey === key;
      await store.put(ownKey, Buffer.from(JSON.stringify(remaining)));
    }
    if (!keepObject) await store.delete(key);
  };

  const lanes = groupBy(objects, ({ key }) => key.slice(0, key.lastIndexOf("/"))).values();
  const worker = async () => {
    for (const lane of lanes) for (const object of lane) await redriveObject(object);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return { processed, failed };
}
