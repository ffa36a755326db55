import {
  type Failure,
  type FailureReason,
  failureObjectKey,
  readFailureObject,
  redriveBatch,
  redriveOversize,
} from "../../runtime/processor";
import { groupBy } from "../../runtime/support/group-by";
import type { FailureObject, FailureStore } from "./failure-store";
import type { InvokeProcessor } from "./invoke-processor";

export interface RedriveDeps {
  readonly store: FailureStore;
  readonly invoke: InvokeProcessor;
  readonly now: () => number;
  /** One event was sent; `error` = it failed again. */
  readonly onEvent: (failure: Failure, error: FailureReason | undefined) => void;
  /** An object that nobody can read: it counts as failed and stays. */
  readonly onUnreadable: (key: string, error: Error) => void;
}

export interface RedriveResult {
  readonly processed: number;
  readonly failed: number;
}

/** Streams side by side; the events of one never overlap, as in the processor. */
const CONCURRENCY = 4;

/**
 * Sends what lies in `objects` (of `stream` alone, where given) through the processor once more, oldest first, one event an
 * invocation, and removes what succeeded. What fails again stays under its own key with the newer error. It is written
 * before the old object goes, and an object that is gone is passed over: running it twice, even at once, loses nothing.
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
    const mine = failures.filter(({ streamId }) => stream === undefined || streamId === stream);
    if (mine.length === 0) return;
    let stays = false;
    for (const failure of failures) {
      const remaining = mine.includes(failure) ? await send(failure) : failure;
      if (remaining === undefined) continue;
      const ownKey = failureObjectKey(remaining.streamId, remaining.key);
      stays ||= ownKey === key;
      await store.put(ownKey, Buffer.from(JSON.stringify(remaining)));
    }
    if (!stays) await store.delete(key);
  };

  const lanes = groupBy(objects, ({ key }) => key.slice(0, key.lastIndexOf("/"))).values();
  const worker = async () => {
    for (const lane of lanes) for (const object of lane) await redriveObject(object);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
  return { processed, failed };
}
