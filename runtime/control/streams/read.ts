import { type ConnectionRow, DECLARED_ROW } from "../../contract";
import { type ConnectionTable, toConnectionRow } from "../table/connection-table";
import { checkStreamId } from "./check-stream-id";

export interface StreamPage {
  readonly streams: readonly ConnectionRow[];
  /** Opaque; pass it as `after` to read the next page. Absent = this was the last. */
  readonly next?: string;
}

/** One stream, or `undefined` when it was never started. @throws StreamError VALIDATION_FAILED, STORE_UNAVAILABLE */
export async function readStream(table: ConnectionTable, streamId: string): Promise<ConnectionRow | undefined> {
  checkStreamId(streamId);
  const stored = await table.read(streamId);
  return stored && toConnectionRow(stored);
}

/** A page of streams, in no order. A page may be empty and still not the last. @throws StreamError STORE_UNAVAILABLE */
export async function listStreams(
  table: ConnectionTable,
  options: { readonly limit?: number; readonly after?: string } = {},
): Promise<StreamPage> {
  const { rows, next } = await table.scan(options);
  const streams = rows.filter((row) => row.streamId !== DECLARED_ROW).map(toConnectionRow);
  return { streams, ...(next !== undefined && { next }) };
}
