import type { ConnectionRow, HandoverStats } from "../../contract";
import type { RelaySnapshot } from "../../relay-port";

/** One completed handover. */
export interface HandoverMeasurement {
  readonly mode: "overlap" | "break";
  /** From the last byte on the old connection to the first byte on the new one. Negative: both received at the same time. Absent: one of them received nothing. */
  readonly gapMs?: number;
  /** How long both connections were open; 0 for a break. */
  readonly overlapMs: number;
}

/** For a predecessor that leaves last: its successor's times are in the row. */
export function measuredByPredecessor(
  own: RelaySnapshot,
  successor: ConnectionRow,
  closedAt: number,
): HandoverMeasurement {
  return measure(own.lastByteAt, successor.connectedSince, successor.firstByteAt, closedAt);
}

/** For a successor whose predecessor left first. `row` is the row as the successor last read it. Undefined: nothing to measure (yet). */
export function measuredBySuccessor(row: ConnectionRow, own: RelaySnapshot): HandoverMeasurement | undefined {
  if (row.disconnectedAt === undefined || own.firstByteAt === undefined) return undefined;
  return measure(row.lastByteAt ?? row.disconnectedAt, own.connectedSince, own.firstByteAt, row.disconnectedAt);
}

function measure(
  lastByteAt: number | undefined,
  openedAt: number | undefined,
  firstByteAt: number | undefined,
  closedAt: number,
): HandoverMeasurement {
  const overlapMs = openedAt === undefined ? 0 : Math.max(0, closedAt - openedAt);
  const known = lastByteAt !== undefined && firstByteAt !== undefined;
  return { mode: overlapMs > 0 ? "overlap" : "break", overlapMs, ...(known && { gapMs: firstByteAt - lastByteAt }) };
}

export function addHandover(before: HandoverStats | undefined, { mode, gapMs }: HandoverMeasurement): HandoverStats {
  const count = (before?.count ?? 0) + 1;
  if (gapMs === undefined) return { ...before, count, mode };
  return { count, mode, lastGapMs: gapMs, maxGapMs: Math.max(gapMs, before?.maxGapMs ?? gapMs) };
}
