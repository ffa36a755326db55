import type { ConnectionTable } from "./connection-table";
import type { StoredRow } from "./row-change";

/** Reads every row, also those that hold no stream. @throws StreamError STORE_UNAVAILABLE */
export async function allRows(table: ConnectionTable): Promise<readonly StoredRow[]> {
  const rows: StoredRow[] = [];
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await table.scan(after === undefined ? {} : { after });
    rows.push(...page.rows);
    after = page.next;
  }
  return rows;
}
