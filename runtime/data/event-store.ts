import type { EncodedItem } from "./item";

/** Maximum number of items in one write; https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
export const BATCH_ITEMS = 25;

/** The event table as the writer sees it. */
export interface EventStore {
  /**
   * Puts up to {@link BATCH_ITEMS} items with distinct keys and returns those that the table left unprocessed.
   * Rejects with `STORE_UNAVAILABLE` (retry all) or `VALIDATION_FAILED` (the table never accepts at least one of the items).
   */
  write(items: readonly EncodedItem[], signal?: AbortSignal): Promise<readonly EncodedItem[]>;
}

/** Stores the bytes of an event that is too large for an item. Rejects with `STORE_UNAVAILABLE`. */
export type PutOversize = (key: string, bytes: Buffer, signal?: AbortSignal) => Promise<void>;
