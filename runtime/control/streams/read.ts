import { type ConnectionRow, isStreamId } from "../../contract";
import { type ConnectionTable, toConnectionRow } from "../table/connection-table";
import { checkStreamId } from "./check-stream-id";

export interface StreamPage {
  readonly streams: readonly ConnectionRow[];
  /** Opaque. Pass it as `after` to read the next page. Absent: this is the last page. */
  readonly next?: string;
}

/** Returns a stream, or `undefined` when it was never started. @throws StreamError VALIDATION_FAILED, STORE_UNAVAILABLE */
export async function readStream(table: ConnectionTable, streamId: string): Promise<ConnectionRow | undefined> {
  checkStreamId(streamId);
  const stored = await table.read(streamId);
  return stored && toConnectionRow(stored);
}

/** Returns a page of streams, in no order. A page may be empty although there are more. @throws StreamError STORE_UNAVAILABLE */
export async function listStreams(
  table: ConnectionTable,
  options: { readonly limit?: number; readonly after?: string } = {},
): Promise<StreamPage> {
  const { rows, next } = await table.scan(options);
  const streams = rows.filter((row) => isStreamId(row.streamId)).map(toConnectionRow);
  return { streams, ...(next !== undefined && { next }) };
}
