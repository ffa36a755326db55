import { compareSequence, type FailureReason, replayBatch, type StoredEvent } from "pulumi-stream-ingestion/internal";
import { batchesOf } from "../failures/batches";
import { type InvokeProcessor, processInOrder } from "../failures/invoke-processor";

/** One item of the event table: an event, or a pack of them. */
export interface StoredItem {
  readonly partition: string;
  readonly key: string;
  /** Of its first and its last event, in epoch milliseconds. */
  readonly receivedAt: number;
  readonly lastReceivedAt: number;
  readonly events: number;
}

/** A place in the order of a stream's events. */
export interface Position {
  readonly receivedAt: number;
  readonly sequence: string;
}

/** Events received from `from` to before `to`, in epoch milliseconds. */
export interface Range {
  readonly from: number;
  readonly to: number;
  /** The last event that is not replayed. */
  readonly after?: Position;
}

export interface ReplayDeps {
  /** The events of these items, in any order. Items that have expired are absent. */
  readonly read: (items: readonly StoredItem[]) => Promise<readonly StoredEvent[]>;
  readonly invoke: InvokeProcessor;
  /** Aborted: the replay ends after the batch that runs. */
  readonly signal: AbortSignal;
  /** Called after each batch, with the last event that was handled. */
  readonly onProgress: (events: number, last: Position) => void;
  readonly onFailed: (event: StoredEvent, error: FailureReason) => void;
}

export interface ReplayResult {
  readonly processed: number;
  readonly failed: number;
  /** False: interrupted before the last event. */
  readonly complete: boolean;
}

/** Items that are read together: packs have up to 400 KB. */
const READ_ITEMS = 25;

/**
 * Runs stored events through the processor again, in the order in which they were received, and one batch after another. An event that
 * fails is reported, and the next ones follow. The table is not changed.
 */
export async function replay(items: readonly StoredItem[], range: Range, deps: ReplayDeps): Promise<ReplayResult> {
  const ordered = items.toSorted((a, b) => a.receivedAt - b.receivedAt);
  let processed = 0;
  let failed = 0;
  let waiting: StoredEvent[] = [];
  for (let start = 0; start < ordered.length; start += READ_ITEMS) {
    if (deps.signal.aborted) return { processed, failed, complete: false };
    const read = await deps.read(ordered.slice(start, start + READ_ITEMS));
    const events = [...waiting, ...read.filter((event) => isIn(range, event))].sort(comparePositions);
    // In a handover, the packs of two hops overlap. The next items can contain events before the others of these.
    const until = ordered[start + READ_ITEMS]?.receivedAt ?? Number.POSITIVE_INFINITY;
    waiting = events.filter(({ receivedAt }) => receivedAt >= until);
    for (const batch of batchesOf(events.slice(0, events.length - waiting.length), ({ data }) => data?.length ?? 0)) {
      if (deps.signal.aborted) return { processed, failed, complete: false };
      const outcomes = await processInOrder(replayBatch(batch).Records, deps.invoke);
      for (const [index, error] of outcomes.entries()) {
        if (error === undefined) processed++;
        else {
          failed++;
          deps.onFailed(batch[index]!, error);
        }
      }
      deps.onProgress(processed + failed, batch.at(-1)!);
    }
  }
  return { processed, failed, complete: true };
}

export function comparePositions(a: Position, b: Position): number {
  return a.receivedAt - b.receivedAt || compareSequence(a.sequence, b.sequence);
}

function isIn({ from, to, after }: Range, event: StoredEvent): boolean {
  const { receivedAt } = event;
  return receivedAt >= from && receivedAt < to && (after === undefined || comparePositions(event, after) > 0);
}
