import type { HopContext, Lease, StreamState } from "./state";

/** When a hop may start writes of packs, in epoch milliseconds. */
export interface StorageWindow {
  /** The predecessor writes no more. */
  readonly from: number;
  /** A write that starts later could be applied after the successor has read back. */
  readonly until: number;
}

/**
 * A pack that is applied after the successor has read back would be stored twice. An owner that finds out late that it was succeeded
 * has seen its lease in the row at most one lease before, so it starts no write later than that, minus the time that a request takes.
 * The successor stores when its predecessor has left, or a lease after it acquired the stream:
 *
 *     predecessor  ── seen ──┬────────── leaseMs ───────────┤ no write
 *        superseded, drains, │ `leftGeneration` ─┐
 *     successor          acquires, buffers ──────┴─ reads back, stores ──►
 *
 * "wait": the hop has no lease yet. "never": it leaves without one.
 */
export function storageWindow(state: StreamState, context: HopContext): StorageWindow | "wait" | "never" {
  switch (state.phase) {
    case "claiming":
    case "acquiring":
    case "connecting":
    case "standing-by":
      return "wait";
    case "holding":
    case "handing-over":
    case "lingering":
      return windowOf(state.lease, context);
    case "leaving":
      return "lease" in state.plan ? windowOf(state.plan.lease, context) : "never";
    case "left":
      return "never";
  }
}

function windowOf(lease: Lease, { deadlineAt, hopUntil, timing }: HopContext): StorageWindow {
  const { leaseMs, leaseMarginMs, requestMs, releaseMs } = timing;
  const seenUntil = lease.seenAt - requestMs + leaseMs - leaseMarginMs;
  const until = Math.min(seenUntil, lease.until, hopUntil, deadlineAt - releaseMs) - requestMs;
  return { from: predecessorWritesUntil(lease), until };
}

/** Epoch ms until which the predecessor may write packs, as far as the row shows. 0: it has left. */
export function predecessorWritesUntil({ row, generation }: Pick<Lease, "row" | "generation">): number {
  return row.leftGeneration === generation - 1 ? 0 : (row.predecessorUntil ?? 0);
}
