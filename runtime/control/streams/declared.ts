import { type ConnectionRow, isStreamId } from "../../contract";
import type { StoredRow } from "../table/row-change";

/** What to do about a stream that was added to or removed from the deployment's `streams`. */
export type DeclaredChange =
  /** Added: start it, and set `declared` to true. */
  | { readonly kind: "start"; readonly streamId: string }
  /** Added, but already started through the API: set `declared` to false. */
  | { readonly kind: "track"; readonly streamId: string }
  /** Removed, and started by the list: stop it. */
  | { readonly kind: "stop"; readonly streamId: string }
  /** Removed, but started through the API: remove `declared` and leave it running. */
  | { readonly kind: "untrack"; readonly streamId: string };

/**
 * Compares the list with the `declared` attribute of each row, not with the streams that run. So only a change of the list starts
 * or stops a stream, and a stop through the API stays in effect.
 */
export function declaredChanges(list: readonly string[], rows: readonly ConnectionRow[]): readonly DeclaredChange[] {
  const known = new Map(rows.map((row) => [row.streamId, row]));
  const added = list.flatMap((streamId): DeclaredChange[] => {
    const row = known.get(streamId);
    if (row?.declared !== undefined) return [];
    return [{ kind: row?.desired === "open" ? "track" : "start", streamId }];
  });
  const removed = rows.flatMap(({ streamId, declared }): DeclaredChange[] => {
    if (declared === undefined || list.includes(streamId)) return [];
    return [{ kind: declared ? "stop" : "untrack", streamId }];
  });
  return [...added, ...removed];
}

/** Returns the deployment's `streams`, or `undefined` when there is no such row: then nothing changes. */
export function declaredList(row: StoredRow | undefined): readonly string[] | undefined {
  const list = row?.streams;
  return Array.isArray(list) ? list.filter(isStreamId) : undefined;
}
