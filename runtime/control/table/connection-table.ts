import { CONTRACT_VERSION, type ConnectionRow, ZERO_COUNTERS } from "../../contract";
import type { StreamError } from "../../support/errors";
import type { RowChange, StoredRow } from "./row-change";

/** Answer to a conditional write. `row` is absent when there is none (never started, or the table is gone). */
export type WriteResult =
  | { readonly applied: true; readonly row: ConnectionRow }
  | {
      readonly applied: false;
      readonly row?: ConnectionRow;
      /** The write got no answer. The row does not show it; it may have been lost, or be on its way still. */
      readonly uncertain?: true;
    };

export interface RowPage {
  readonly rows: readonly StoredRow[];
  /** Pass it on to read the next page; absent = this was the last. */
  readonly next?: string;
}

/**
 * The connection table as storage sees it. Three implementations would be too many; there are two: DynamoDB and a fake,
 * under one contract suite. A table that does not exist reads as empty.
 */
export interface ConnectionTable {
  /**
   * The row after the change, or `undefined` when a clause did not hold.
   * @throws StreamError STORE_UNAVAILABLE when there was no answer: the change may have been made or not.
   */
  update(streamId: string, change: RowChange): Promise<StoredRow | undefined>;
  /** Strongly consistent. @throws StreamError STORE_UNAVAILABLE */
  read(streamId: string): Promise<StoredRow | undefined>;
  /** A page of all rows, the deployment's own row included. @throws StreamError STORE_UNAVAILABLE */
  scan(options?: { readonly limit?: number; readonly after?: string }): Promise<RowPage>;
}

/**
 * Makes a change and finds out whether it was made. A write that failed its condition or got no answer proves nothing (it may
 * have been carried out twice, or once and its answer lost), so the row decides: if it bears this change's mark, it was made.
 * @throws StreamError STORE_UNAVAILABLE when neither the write nor the read got an answer.
 */
export async function write(table: ConnectionTable, streamId: string, change: RowChange): Promise<WriteResult> {
  let uncertain = false;
  try {
    const row = await table.update(streamId, change);
    if (row) return { applied: true, row: toConnectionRow(row) };
  } catch (error) {
    if ((error as StreamError).code !== "STORE_UNAVAILABLE") throw error;
    uncertain = true;
  }
  const row = await table.read(streamId);
  if (row && change.wasAppliedTo(row)) return { applied: true, row: toConnectionRow(row) };
  return { applied: false, ...(row && { row: toConnectionRow(row) }), ...(uncertain && { uncertain }) };
}

/** A row with every field the contract promises, whatever release wrote it. */
export function toConnectionRow(stored: StoredRow): ConnectionRow {
  const row = stored as Partial<ConnectionRow> & StoredRow;
  return {
    ...row,
    v: row.v ?? CONTRACT_VERSION,
    desired: row.desired ?? "closed",
    desiredVersion: row.desiredVersion ?? 0,
    status: row.status ?? "closed",
    generation: row.generation ?? 0,
    attempt: row.attempt ?? 0,
    counters: { ...ZERO_COUNTERS, ...row.counters },
  };
}

/** Someone owns the stream now. The reader's clock decides; see docs/decisions/0020. */
export function isLive(row: ConnectionRow, now: number): boolean {
  return row.owner !== undefined && (row.expiresAt ?? 0) > now;
}

/** A successor holds a right to connect that has neither run out nor been refused. */
export function isClaimed(row: ConnectionRow, now: number): boolean {
  return row.claim !== undefined && row.claim.refused === undefined && row.claim.until > now;
}
