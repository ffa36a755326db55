import { type ConnectionRow, isStreamId } from "../../contract";
import type { StoredRow } from "../table/row-change";

/** What a change of the deployment's list asks for. */
export type DeclaredChange =
  /** New in the list: start it, and flag the row as the list's own. */
  | { readonly kind: "start"; readonly streamId: string }
  /** New in the list, but it runs already by somebody else's hand: only note that the list has been heard. */
  | { readonly kind: "track"; readonly streamId: string }
  /** Gone from the list, which had started it. */
  | { readonly kind: "stop"; readonly streamId: string }
  /** Gone from the list, started through the API since: it stays. */
  | { readonly kind: "untrack"; readonly streamId: string };

/**
 * Compares the list with the flag of each row, not with what runs: only a change of the list acts, so a stop through the API
 * holds. `declared` absent = not in the list when last heard.
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

/** The deployment's list; `undefined` when there is no such row: then nothing is declared and nothing changes. */
export function declaredList(row: StoredRow | undefined): readonly string[] | undefined {
  const list = row?.streams;
  return Array.isArray(list) ? list.filter(isStreamId) : undefined;
}
