import type { EncodedItem } from "./item";

/** Most items of one write; https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html */
export const BATCH_ITEMS = 25;

/** The event table as the writer sees it. */
export interface EventStore {
  /**
   * Puts up to {@link BATCH_ITEMS} items of different keys and returns those the table did not take.
   * Rejects with `STORE_UNAVAILABLE` (try all again) or `VALIDATION_FAILED` (at least one item will never be taken).
   */
  write(items: readonly EncodedItem[], signal?: AbortSignal): Promise<readonly EncodedItem[]>;
}

/** Stores the bytes of an event that is too large for an item. Rejects with `STORE_UNAVAILABLE`. */
export type PutOversize = (key: string, bytes: Buffer, signal?: AbortSignal) => Promise<void>;
