import { type ConnectionRow, STATUS } from "../../contract";
import { groupBy } from "../../support/group-by";
import { isClaimed, isLive } from "../table/connection-table";

/** Limits of moves, for a hop of 15 minutes. They shrink with shorter hops. */
const FULL_HOP_MS = 900_000;
const BETWEEN_MOVES_MS = 600_000;
/** No move this long before a planned handover. */
const NEAR_HANDOVER_MS = 180_000;
/** A handover this close begins before another hop is up. One this long ago is over: its predecessor has left. */
const HANDOVER_MS = 60_000;

/** The streams that one invocation carries. */
interface Group {
  readonly rows: readonly ConnectionRow[];
  readonly kind: "free" | "barred" | "due";
}

export interface PlacementContext {
  readonly now: number;
  readonly release: string;
  readonly streamsPerHop: number;
}

/**
 * Finds streams to move so that fewer hops carry them. Each list is for one new hop. Whole groups move, smallest first, and only as
 * many as save a hop. A group moves if none of its streams moved in the last ten minutes or handed over in the last minute, its planned
 * handover is not within three minutes, and its upstream has not refused a second connection. A group whose planned handover is due
 * hands over now, and takes groups that may not move alone with it. Where streams have become too busy for their hop, those that do not fit
 * move first, and the rest is left to the next run.
 */
export function placement(rows: readonly ConnectionRow[], context: PlacementContext): readonly ConnectionRow[][] {
  const byHop = groupBy(
    rows.filter((row) => isLive(row, context.now) && row.hop !== undefined),
    (row) => row.hop!.id,
  );
  const groups = [...byHop.values()]
    .flatMap((carried): Group[] => {
      const kind = kindOf(carried, context);
      return kind ? [{ rows: carried, kind }] : [];
    })
    .sort((a, b) => a.rows.length - b.rows.length);
  const overloaded = groups.filter(({ kind, rows: carried }) => kind !== "barred" && pack(carried, context).length > 1);
  if (overloaded.length > 0) return overloaded.flatMap(({ rows: carried }) => relieve(carried, context));
  const free = repack(
    groups.filter(({ kind }) => kind === "free"),
    context,
  );
  const due = groups.find(({ kind }) => kind === "due");
  if (!due) return free.moves;
  const absorbing = repack([due, ...groups.filter((group) => group !== due)], context);
  return absorbing.saved > free.saved ? absorbing.moves : free.moves;
}

/** Undefined: the group stays. */
function kindOf(rows: readonly ConnectionRow[], context: PlacementContext): Group["kind"] | undefined {
  if (!rows.every((row) => mayMove(row, context))) return undefined;
  const isDue = rows.some(({ hop }) => hop!.handoverAt - context.now <= scaled(NEAR_HANDOVER_MS, hop!));
  if (isDue) return "due";
  return rows.some((row) => isBarred(row, context.now)) ? "barred" : "free";
}

/** The upstream refused a second connection, so a move costs a short gap. A stream that was just started is not barred. */
function isBarred({ handoverMode, handedOverAt }: ConnectionRow, now: number): boolean {
  return (handoverMode?.until ?? 0) > now && handedOverAt !== undefined;
}

function mayMove(row: ConnectionRow, { now, release }: PlacementContext): boolean {
  const { desired, status, movedAt = 0, handedOverAt = 0, hop } = row;
  return (
    desired === "open" &&
    status !== STATUS.handingOver &&
    !isClaimed(row, now) &&
    (row.retryAt ?? 0) <= now &&
    // The other release takes over all streams soon.
    row.release === release &&
    now >= movedAt + scaled(BETWEEN_MOVES_MS, hop!) &&
    now >= handedOverAt + scaled(HANDOVER_MS, hop!) &&
    now < hop!.handoverAt - scaled(HANDOVER_MS, hop!)
  );
}

/** When the stream may move again. */
export function movedRecently({ hop }: ConnectionRow, now: number): number {
  return now - (hop ? scaled(BETWEEN_MOVES_MS, hop) : 0);
}

const scaled = (fullMs: number, hop: { readonly ms: number }): number =>
  Math.floor((fullMs * Math.min(hop.ms, FULL_HOP_MS)) / FULL_HOP_MS);

interface Packing {
  readonly moves: ConnectionRow[][];
  /** Hops that it saves. */
  readonly saved: number;
}

/** Fills one hop after the other, by count and by load. */
function pack(rows: readonly ConnectionRow[], { streamsPerHop }: PlacementContext): ConnectionRow[][] {
  const hops: { readonly rows: ConnectionRow[]; load: number }[] = [];
  for (const row of rows) {
    const { load = 0 } = row;
    const fits = hops.find((hop) => hop.rows.length < streamsPerHop && hop.load + load <= 1);
    if (fits) {
      fits.rows.push(row);
      fits.load += load;
    } else hops.push({ rows: [row], load });
  }
  return hops.map((hop) => hop.rows);
}

/** The streams that leave an overloaded hop, in as many lists as they need hops. Most streams stay. */
function relieve(rows: readonly ConnectionRow[], context: PlacementContext): ConnectionRow[][] {
  const byLoad = [...rows].sort((a, b) => (b.load ?? 0) - (a.load ?? 0));
  const [, ...leaving] = pack(byLoad, context).sort((a, b) => b.length - a.length);
  return leaving;
}

/** Distributes the first groups over fewer hops, as many of them as save the most hops. */
function repack(groups: readonly Group[], context: PlacementContext): Packing {
  let best = { saved: 0, groups: 0 };
  const rows: ConnectionRow[] = [];
  groups.forEach((group, i) => {
    rows.push(...group.rows);
    const saved = i + 1 - pack(rows, context).length;
    if (saved > best.saved) best = { saved, groups: i + 1 };
  });
  if (best.saved === 0) return { moves: [], saved: 0 };
  const chosen = groups.slice(0, best.groups);
  const isWhole = (moved: readonly ConnectionRow[]) =>
    chosen.some((group) => group.rows.length === moved.length && group.rows.every((row) => moved.includes(row)));
  const packed = pack(
    chosen.flatMap((group) => group.rows),
    context,
  );
  return { moves: packed.filter((moved) => !isWhole(moved)), saved: best.saved };
}
