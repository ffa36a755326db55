import type { ConnectionTable } from "../../runtime/control/table/connection-table";
import type { Clause, RowChange, StoredRow } from "../../runtime/control/table/row-change";

/** The connection table in a Map, for tests and the model checker. */
export function memoryTable(rows: Map<string, StoredRow> = new Map()): ConnectionTable {
  return {
    update: async (streamId, change) => {
      const next = applyChange(rows.get(streamId), streamId, change);
      if (next) rows.set(streamId, next);
      return next && structuredClone(next);
    },
    read: async (streamId) => structuredClone(rows.get(streamId)),
    scan: async ({ limit = 100, after } = {}) => {
      const ids = [...rows.keys()].sort();
      const from = after === undefined ? 0 : ids.findIndex((id) => id > after);
      const page = from < 0 ? [] : ids.slice(from, from + limit);
      const more = from >= 0 && from + limit < ids.length;
      return { rows: page.map((id) => structuredClone(rows.get(id)!)), ...(more && { next: page.at(-1)! }) };
    },
  };
}

/** Returns the row after `change`, or `undefined` when a clause does not hold. Pure. */
export function applyChange(row: StoredRow | undefined, streamId: string, change: RowChange): StoredRow | undefined {
  if (!change.when.every((clause) => holds(row, clause))) return undefined;
  const next = structuredClone(row ?? { streamId }) as Record<string, unknown> & { streamId: string };
  for (const { from, to, otherwise } of change.copy ?? []) put(next, to, get(row, from) ?? otherwise);
  for (const [path, value] of Object.entries(change.set)) put(next, path, value);
  const { add = {}, move } = change;
  for (const path of [...Object.keys(add), ...(move ? [move.from, move.to] : [])]) {
    if (path.includes(".")) next[path.split(".")[0]!] ??= {};
  }
  for (const [path, amount] of Object.entries(add)) {
    put(next, path, number(row, path) + amount);
  }
  if (move) {
    const { from, to } = move;
    put(next, to, number(row, to) + number(row, from));
    put(next, from, 0);
  }
  return next;
}

function holds(row: StoredRow | undefined, clause: Clause): boolean {
  if ("equals" in clause) return get(row, clause.equals[0]) === clause.equals[1];
  if ("differs" in clause) return get(row, clause.differs[0]) !== clause.differs[1];
  if ("absent" in clause) return get(row, clause.absent) === undefined;
  if ("present" in clause) return get(row, clause.present) !== undefined;
  if ("anyOf" in clause) return clause.anyOf.some((one) => holds(row, one));
  if ("allOf" in clause) return clause.allOf.every((one) => holds(row, one));
  const value = get(row, clause.atMost[0]);
  return typeof value === "number" && value <= clause.atMost[1];
}

function get(row: StoredRow | undefined, path: string): unknown {
  return path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown> | undefined)?.[name], row);
}

function number(row: StoredRow | undefined, path: string): number {
  return (get(row, path) ?? 0) as number;
}

function put(row: Record<string, unknown>, path: string, value: unknown): void {
  const names = path.split(".");
  const last = names.pop()!;
  const parent = names.reduce<Record<string, unknown>>((map, name) => map[name] as Record<string, unknown>, row);
  if (value === undefined) delete parent[last];
  else parent[last] = JSON.parse(JSON.stringify(value));
}
