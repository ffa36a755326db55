import type { StoredEvent } from "pulumi-stream-ingestion/internal";
import { progressPrinter } from "./progress";
import { comparePositions } from "./replay/run-replay";
import type { StoredItems } from "./replay/stored-items";

export interface StoredSinceOptions {
  readonly signal: AbortSignal;
  /** Receives the progress when there are several batches. */
  readonly report: (line: string) => void;
}

/** Items that are read together. */
const BATCH_ITEMS = 1_000;

/** The stored events of a stream from a time on, in the order in which they were received; none after an interruption. */
export async function storedSince(
  store: StoredItems,
  streamId: string,
  from: number,
  { signal, report }: StoredSinceOptions,
): Promise<StoredEvent[]> {
  const { items } = await store.find(streamId, from, Number.MAX_SAFE_INTEGER);
  const show = progressPrinter(items.length, "stored items", items.length > BATCH_ITEMS ? report : () => {});
  const events: StoredEvent[] = [];
  for (let done = 0; done < items.length; ) {
    if (signal.aborted) return [];
    const batch = items.slice(done, done + BATCH_ITEMS);
    for (const event of await store.read(batch)) events.push(event);
    done += batch.length;
    show(done);
  }
  return events.filter(({ receivedAt }) => receivedAt >= from).sort(comparePositions);
}
