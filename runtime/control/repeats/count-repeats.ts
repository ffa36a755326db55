import { ITEM, STREAM_ID_KEY } from "../../contract";

/** A record of the event table's stream, as Lambda delivers it. */
export interface StreamRecord {
  readonly eventID?: string;
  readonly eventName?: string;
  readonly dynamodb?: { readonly OldImage?: Image; readonly NewImage?: Image };
}

type Image = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;

/** Writes of events that were in the table already, of one stream. */
export interface Repeats {
  /** By a later hop or connection: the events are repeats, and their identity makes them one event. */
  readonly overwritten: number;
  /** By two hops or connections that read the same event: in a handover, or in a replay. */
  readonly overlapCopies: number;
}

/** Longer than an overlap lasts: a claim of 20 s, and 2 s in which the predecessor still reads (runtime/control/hop/timing.ts). */
const OVERLAP_MS = 30_000;

/**
 * Counts, by stream, the items that were written again. Equal SSE ids mean the same event, different ones a repeat. Without ids, two
 * adjacent generations that wrote an item within the time of an overlap read the same event (docs/decisions/0026).
 */
export function countRepeats(records: readonly StreamRecord[]): ReadonlyMap<string, Repeats> {
  const counted = new Map<string, { overwritten: number; overlapCopies: number }>();
  for (const { eventName, dynamodb } of records) {
    // The mapping's filter delivers no other records; AWS does not promise that.
    if (eventName !== "MODIFY") continue;
    const before = writeOf(dynamodb?.OldImage);
    const after = writeOf(dynamodb?.NewImage);
    if (before === undefined || after === undefined) continue;
    const repeats = counted.get(after.streamId) ?? { overwritten: 0, overlapCopies: 0 };
    if (isSameEvent(before, after)) repeats.overlapCopies++;
    else repeats.overwritten++;
    counted.set(after.streamId, repeats);
  }
  return counted;
}

interface Write {
  readonly streamId: string;
  readonly generation: number;
  readonly receivedAt: number;
  /** SSE id. Absent: none. */
  readonly id?: string;
}

function isSameEvent(before: Write, after: Write): boolean {
  if (before.id !== undefined && after.id !== undefined) return before.id === after.id;
  const adjacent = Math.abs(after.generation - before.generation) === 1;
  return adjacent && Math.abs(after.receivedAt - before.receivedAt) <= OVERLAP_MS;
}

function writeOf(image: Image = {}): Write | undefined {
  const [streamId] = (image[STREAM_ID_KEY]?.S ?? "").split("#", 1);
  const generation = Number.parseInt(image[ITEM.sequence]?.S ?? "", 10);
  const receivedAt = Number(image[ITEM.receivedAt]?.N);
  return streamId && Number.isInteger(generation) && Number.isFinite(receivedAt)
    ? { streamId, generation, receivedAt, id: image[ITEM.id]?.S }
    : undefined;
}
