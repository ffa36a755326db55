import { type ConnectionRow, STATUS } from "../../contract";
import type { Surplus } from "../streams/surplus";
import { isClaimed, isLive } from "../table/connection-table";

/** What the watchdog does about one row. */
export type Decision =
  | { readonly kind: "nothing" }
  /** It hands over as the last hop of its chain: invoke its successor, which starts a new chain. */
  | { readonly kind: "invoke-successor"; readonly generation: number }
  /** It should run, and no hop runs it. */
  | { readonly kind: "invoke" }
  /** Its lease expired: the hop crashed. Count that, then invoke now or after `retryAt`. */
  | { readonly kind: "revive"; readonly attempt: number; readonly retryAt?: number }
  /** It failed with 401 or 403, and the secret has changed since. */
  | { readonly kind: "retry-with-new-secret" }
  /** It should run, and the source does not allow one more stream. */
  | { readonly kind: "fail-surplus"; readonly surplus: Surplus }
  /** Its owner runs another release. */
  | { readonly kind: "request-handover" }
  /** It was stopped, but its lease expired before the owner wrote the status. */
  | { readonly kind: "mark-closed" };

export interface DecisionContext {
  readonly now: number;
  readonly release: string;
  /** Hops must not continue one chain for ever: see {@link RelaySettings}. */
  readonly endsChains?: boolean;
  /** Current version of the secret. Absent: unknown. */
  readonly secretVersion?: string;
  /** Why the stream must not run. */
  readonly surplus?: Surplus;
  /** The hop of its owner was lost: the lease has ended, whatever its time. */
  readonly lost?: boolean;
}

export function decide(
  row: ConnectionRow,
  { now, release, endsChains, secretVersion, surplus, lost }: DecisionContext,
): Decision {
  const nothing = { kind: "nothing" } as const;
  if (surplus) return { kind: "fail-surplus", surplus };
  if (isLive(row, now) && !lost) {
    // Also where a hop in mid-chain invoked one itself: the second fails to claim.
    if (endsChains && row.desired === "open" && row.status === STATUS.handingOver && !isClaimed(row, now))
      return { kind: "invoke-successor", generation: row.generation };
    return row.release !== release && row.requestedRelease !== release ? { kind: "request-handover" } : nothing;
  }
  if (row.desired === "closed") return row.status === STATUS.closed ? nothing : { kind: "mark-closed" };
  if (row.status === STATUS.completed || isClaimed(row, now)) return nothing;
  if (row.status === STATUS.failed) {
    const unauthorized = row.lastError?.status === 401 || row.lastError?.status === 403;
    const changed = secretVersion !== undefined && row.secretVersion !== secretVersion;
    return unauthorized && changed ? { kind: "retry-with-new-secret" } : nothing;
  }
  if ((row.retryAt ?? 0) > now) return nothing;
  if (row.owner === undefined) return { kind: "invoke" };
  const attempt = row.attempt + 1;
  const delayMs = crashDelayMs(attempt);
  return { kind: "revive", attempt, ...(delayMs > 0 && { retryAt: now + delayMs }) };
}

/** Whether a stream should run but no hop runs it. The metric StreamsDown counts these. */
export function isDown(row: ConnectionRow, now: number, lost = false): boolean {
  const terminal = row.status === STATUS.completed || row.status === STATUS.failed;
  return row.desired === "open" && !terminal && (lost || !isLive(row, now)) && !isClaimed(row, now);
}

/** No delay after the first crash, then 5 s, doubling to 320 s. */
function crashDelayMs(attempt: number): number {
  return attempt < 2 ? 0 : Math.min(320_000, 5_000 * 2 ** (attempt - 2));
}
