import { type Failure, failureObjectKey, groupBy, readFailureObject } from "pulumi-stream-ingestion/internal";
import type { FailureObject, FailureStore } from "./failure-store";

export interface RewriteOptions {
  readonly store: FailureStore;
  /** Called for each selected event, in sequence per stream. Returns what remains of it; `undefined`: it is removed. */
  readonly each: (failure: Failure) => Promise<Failure | undefined>;
  /** Called for an object that cannot be parsed. It stays in the bucket. */
  readonly onUnreadable: (key: string, error: Error) => void;
}

/** Streams in parallel. The events of one stream are handled in sequence, as by the event source mapping. */
const CONCURRENCY = 4;

/**
 * Handles the events in `objects` (only those of `stream`, if set), oldest first. What remains of an event is stored under its own
 * key before the old object is deleted, and a missing object is skipped, so that a second run, even at the same time, loses nothing.
 */
export async function rewriteObjects(
  objects: readonly FailureObject[],
  stream: string | undefined,
  { store, each, onUnreadable }: RewriteOptions,
): Promise<void> {
  const readable = (key: string, text: string): readonly Failure[] => {
    try {
      return readFailureObject(text);
    } catch (error) {
      onUnreadable(key, error as Error);
      return [];
    }
  };
  const rewrite = async ({ key }: FailureObject) => {
    const text = await store.get(key);
    if (text === undefined) return;
    const failures = readable(key, text);
    const selected = failures.filter(({ streamId }) => stream === undefined || streamId === stream);
    if (selected.length === 0) return;
    let keepObject = false;
    for (const failure of failures) {
      const remaining = selected.includes(failure) ? await each(failure) : failure;
      if (remaining === undefined) continue;
      const ownKey = failureObjectKey(remaining);
      keepObject ||= ownKey === key;
      await store.put(ownKey, Buffer.from(JSON.stringify(remaining)));
    }
    if (!keepObject) await store.delete(key);
  };
  const lanes = groupBy(objects, ({ key }) => key.slice(0, key.lastIndexOf("/"))).values();
  const worker = async () => {
    for (const lane of lanes) for (const object of lane) await rewrite(object);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
