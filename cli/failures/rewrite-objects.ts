import { type Failure, failureObjectKey, groupBy, readFailureObject } from "pulumi-stream-ingestion/internal";
import type { FailureObject, FailureStore } from "./failure-store";

export interface RewriteOptions {
  readonly store: FailureStore;
  /** Called for selected events, in sequence per stream. Returns what remains of each; `undefined`: it is removed. */
  readonly handle: (failures: readonly Failure[]) => Promise<readonly (Failure | undefined)[]>;
  /** Called for an object that cannot be parsed. It stays in the bucket. */
  readonly onUnreadable: (key: string, error: Error) => void;
  /** When it aborts, running batches end, and no other one begins. */
  readonly signal?: AbortSignal;
  /** Called with the number of objects that were completed since the last call. */
  readonly onProgress?: (objects: number) => void;
}

interface ReadObject {
  readonly key: string;
  readonly failures: readonly Failure[];
}

/** Streams in parallel. The events of one stream are handled in sequence, as by the event source mapping. */
const CONCURRENCY = 4;
/** Limits of the events that are handled together. */
export const BATCH_OBJECTS = 100;
const BATCH_BYTES = 1_000_000;

/**
 * Handles the events in `objects` (only those of `stream`, if set), oldest first. What remains of an event is stored under its own
 * key before the old object is deleted, and a missing object is skipped, so that a second run, even at the same time, loses nothing.
 */
export async function rewriteObjects(
  objects: readonly FailureObject[],
  stream: string | undefined,
  { store, handle, onUnreadable, signal, onProgress = () => {} }: RewriteOptions,
): Promise<void> {
  const readable = (key: string, text: string): readonly Failure[] => {
    try {
      return readFailureObject(text);
    } catch (error) {
      onUnreadable(key, error as Error);
      return [];
    }
  };
  const selected = ({ streamId }: Failure) => stream === undefined || streamId === stream;
  const handleBatch = async (batch: readonly ReadObject[]) => {
    if (signal?.aborted) return;
    await rewrite(batch);
    onProgress(batch.length);
  };
  const rewrite = async (batch: readonly ReadObject[]) => {
    const events = batch.flatMap(({ failures }) => failures.filter(selected));
    if (events.length === 0) return;
    const remaining = await handle(events);
    const after = new Map(events.map((failure, index) => [failure, remaining[index]]));
    for (const { key, failures } of batch) {
      if (!failures.some(selected)) continue;
      const kept = failures.map((failure) => (after.has(failure) ? after.get(failure) : failure));
      const present = kept.filter((failure) => failure !== undefined);
      for (const failure of present) await store.put(failureObjectKey(failure), Buffer.from(JSON.stringify(failure)));
      if (!present.some((failure) => failureObjectKey(failure) === key)) await store.delete(key);
    }
  };
  const handleLane = async (lane: readonly FailureObject[]) => {
    let batch: ReadObject[] = [];
    let bytes = 0;
    for (const { key } of lane) {
      if (signal?.aborted) return;
      const text = await store.get(key);
      if (text === undefined) {
        onProgress(1);
        continue;
      }
      if (batch.length === BATCH_OBJECTS || (batch.length > 0 && bytes + text.length > BATCH_BYTES)) {
        await handleBatch(batch);
        batch = [];
        bytes = 0;
      }
      batch.push({ key, failures: readable(key, text) });
      bytes += text.length;
    }
    await handleBatch(batch);
  };
  const lanes = groupBy(objects, ({ key }) => key.slice(0, key.lastIndexOf("/"))).values();
  const worker = async () => {
    for (const lane of lanes) await handleLane(lane);
  };
  await Promise.all(Array.from({ length: CONCURRENCY }, worker));
}
