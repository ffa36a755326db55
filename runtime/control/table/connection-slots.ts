import { type ConnectionRow, isStreamId } from "../../contract";
import { allRows } from "./all-rows";
import { type ConnectionTable, isLive, shouldRun, toConnectionRow } from "./connection-table";
import type { RowChange, StoredRow } from "./row-change";

/**
 * `source.maxConnections`. Each stream that should run counts as one connection, and a successor that connects while its predecessor
 * still reads takes a slot for the second one. The slots are attributes of one row, which end by themselves:
 *
 *     streams that should run  +  slots that are taken  ≤  maxConnections
 *
 * Who adds to one side writes first and counts then, so of a start and a handover at the same moment at least one sees the other. A
 * successor without a slot takes over by break. A start with the last slots taken waits for the watchdog.
 *
 * This is the key of that row; not a valid stream id. Attributes: `slot0`, `slot1` …
 */
const SLOTS_ROW = "#slots";

interface Slot {
  readonly nonce: string;
  readonly until: number;
}

interface SlotRequest {
  /** Of the hop and stream that take it. */
  readonly nonce: string;
  readonly now: number;
  readonly until: number;
  readonly maxConnections: number;
}

/** How often a successor tries to take a slot that another one takes at the same moment. */
const ATTEMPTS = 3;

/**
 * Takes a slot for a second connection. False: every connection is in use. Safe to repeat with the same nonce.
 * @throws StreamError STORE_UNAVAILABLE: the slot may be taken, and then ends at `until`
 */
export async function takeSlot(table: ConnectionTable, request: SlotRequest): Promise<boolean> {
  const { nonce, now, until, maxConnections } = request;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const slots = slotsOf(await table.read(SLOTS_ROW));
    const mine = slots.findIndex((slot) => slot?.nonce === nonce);
    const ended = slots.findIndex((slot) => slot === undefined || slot.until <= now);
    const free = [mine, ended, slots.length].find((index) => index !== -1)!;
    if (free >= maxConnections) return false;
    if (!(await table.update(SLOTS_ROW, take(free, { nonce, until }, now)))) continue;
    if (await isWithinLimit(table, { now, maxConnections })) return true;
    await returnSlot(table, nonce);
    return false;
  }
  return false;
}

/** Ends the slot, if there is one. @throws StreamError STORE_UNAVAILABLE: the slot ends by itself */
export async function returnSlot(table: ConnectionTable, nonce: string): Promise<void> {
  const index = slotsOf(await table.read(SLOTS_ROW)).findIndex((slot) => slot?.nonce === nonce);
  if (index !== -1) await table.update(SLOTS_ROW, giveBack(index, nonce));
}

/** Whether the connections that are open or may be opened now are within the limit. @throws StreamError STORE_UNAVAILABLE */
export async function isWithinLimit(
  table: ConnectionTable,
  { now, maxConnections }: { readonly now: number; readonly maxConnections: number | undefined },
): Promise<boolean> {
  return maxConnections === undefined || countConnections(await allRows(table), now) <= maxConnections;
}

/** Connections that the rows stand for. A stream that was stopped has one until its hop has left. */
function countConnections(rows: readonly StoredRow[], now: number): number {
  const running = streamsOf(rows).filter((row) => shouldRun(row) || isLive(row, now));
  const slots = slotsOf(rows.find(({ streamId }) => streamId === SLOTS_ROW));
  return running.length + slots.filter((slot) => slot !== undefined && slot.until > now).length;
}

/** The rows that hold a stream. */
export function streamsOf(rows: readonly StoredRow[]): readonly ConnectionRow[] {
  return rows.filter(({ streamId }) => isStreamId(streamId)).map(toConnectionRow);
}

function slotsOf(row: StoredRow | undefined): (Slot | undefined)[] {
  const slots: (Slot | undefined)[] = [];
  for (const [name, value] of Object.entries(row ?? {})) {
    const index = /^slot(\d+)$/.exec(name)?.[1];
    if (index !== undefined) slots[Number(index)] = value as Slot;
  }
  return Array.from(slots);
}

function take(index: number, slot: Slot, now: number): RowChange {
  const name = `slot${index}`;
  const mine = { equals: [`${name}.nonce`, slot.nonce] } as const;
  return {
    name: "take-slot",
    when: [{ anyOf: [{ absent: name }, { atMost: [`${name}.until`, now] }, mine] }],
    set: { [name]: slot },
    wasAppliedTo: (row) => (row[name] as Slot | undefined)?.nonce === slot.nonce,
  };
}

function giveBack(index: number, nonce: string): RowChange {
  const name = `slot${index}`;
  return {
    name: "return-slot",
    when: [{ equals: [`${name}.nonce`, nonce] }],
    set: { [name]: { nonce, until: 0 } },
    wasAppliedTo: (row) => (row[name] as Slot | undefined)?.until === 0,
  };
}
