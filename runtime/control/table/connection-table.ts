import { CONTRACT_VERSION, type ConnectionRow, STATUS, ZERO_COUNTERS } from "../../contract";
import type { StreamError } from "../../support/errors";
import type { RowChange, StoredRow } from "./row-change";

/** Result of a conditional write. `row` is absent when there is no row (never started, or the table was deleted). */
export type WriteResult =
  | { readonly applied: true; readonly row: ConnectionRow }
  | {
      readonly applied: false;
      readonly row?: ConnectionRow;
      /** The write got no response, and the row does not show it: it was lost, or may still be applied. */
      readonly uncertain?: true;
    };

export interface RowPage {
  readonly rows: readonly StoredRow[];
  /** Pass it as `after` to read the next page. Absent: this is the last page. */
  readonly next?: string;
}

/**
 * The connection table as storage: conditional updates and consistent reads. A table that does not exist reads as empty.
 */
export interface ConnectionTable {
  /**
   * Returns the row after the change, or `undefined` when the condition failed.
   * @throws StreamError STORE_UNAVAILABLE when there was no response: the change may have been applied or not.
   */
  update(streamId: string, change: RowChange): Promise<StoredRow | undefined>;
  /** Strongly consistent, or for half the price without the last writes. @throws StreamError STORE_UNAVAILABLE */
  read(streamId: string, options?: { readonly consistent?: boolean }): Promise<StoredRow | undefined>;
  /** Reads a page of all rows, including the deployment's own row. @throws StreamError STORE_UNAVAILABLE */
  scan(options?: { readonly limit?: number; readonly after?: string }): Promise<RowPage>;
}

/**
 * Makes a change and determines whether it was applied. After a failed condition or no response, that is unknown: an earlier
 * attempt may have been applied. So this function reads the row and checks it for values that only this change writes.
 * @throws StreamError STORE_UNAVAILABLE when neither the write nor the read got a response.
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

/** Adds defaults for the fields that an older release did not write. */
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

/** Whether a hop holds the lease, by the reader's clock. See docs/decisions/0020. */
export function isLive(row: ConnectionRow, now: number): boolean {
  return row.owner !== undefined && (row.expiresAt ?? 0) > now;
}

/** Whether a hop runs the stream, or the watchdog would start one. */
export function shouldRun({ desired, status }: ConnectionRow): boolean {
  return desired === "open" && status !== STATUS.completed && status !== STATUS.failed;
}

/** Whether a successor that connects, or waits for the release, holds a claim. */
export function isClaimed({ claim }: ConnectionRow, now: number): boolean {
  return claim !== undefined && claim.until > now && (claim.refused === undefined || claim.waits === true);
}
