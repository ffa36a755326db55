/** Limits of one invocation: its payload stays far below Lambda's 6 MB, and the time of a batch is that of a usual one. */
const BATCH_EVENTS = 100;
const BATCH_BYTES = 1_000_000;

/** Splits a list into batches for the processor, in order. An item over the limit is alone. */
export function batchesOf<T>(items: readonly T[], bytesOf: (item: T) => number): T[][] {
  const batches: T[][] = [];
  let batch: T[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (batch.length === 0 || batch.length === BATCH_EVENTS || bytes + size > BATCH_BYTES) {
      batch = [];
      batches.push(batch);
      bytes = 0;
    }
    batch.push(item);
    bytes += size;
  }
  return batches;
}
