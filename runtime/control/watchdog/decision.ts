import { type ConnectionRow, STATUS } from "../../contract";
import { isClaimed, isLive } from "../table/connection-table";

/** What the watchdog does about one row. */
export type Decision =
  | { readonly kind: "nothing" }
  /** Somebody should run it and nobody does. */
  | { readonly kind: "invoke" }
  /** Its owner went without releasing: count the crash, then invoke, now or after `retryAt`. */
  | { readonly kind: "revive"; readonly attempt: number; readonly retryAt?: number }
  /** Failed for lack of a good key, and the key is another one now. */
  | { readonly kind: "retry-with-new-secret" }
  /** Its owner runs another release. */
  | { readonly kind: "request-handover" }
  /** Stopped, and its owner never came to say so. */
  | { readonly kind: "mark-closed" };

export interface DecisionContext {
  readonly now: number;
  readonly release: string;
  /** Current version of the secret; absent = unknown. */
  readonly secretVersion?: string;
}

export function decide(row: ConnectionRow, { now, release, secretVersion }: DecisionContext): Decision {
  const nothing = { kind: "nothing" } as const;
  if (isLive(row, now)) {
    return row.release !== release && row.requestedRelease !== release ? { kind: "request-handover" } : nothing;
  }
  if (row.desired === "closed") return row.status === STATUS.closed ? nothing : { kind: "mark-closed" };
  if (row.status === STATUS.completed || isClaimed(row, now)) return nothing;
  if (row.status === STATUS.failed) {
    const refusedKey = row.lastError?.status === 401 || row.lastError?.status === 403;
    const changed = secretVersion !== undefined && row.secretVersion !== secretVersion;
    return refusedKey && changed ? { kind: "retry-with-new-secret" } : nothing;
  }
  if ((row.retryAt ?? 0) > now) return nothing;
  if (row.owner === undefined) return { kind: "invoke" };
  const attempt = row.attempt + 1;
  const delayMs = crashDelayMs(attempt);
  return { kind: "revive", attempt, ...(delayMs > 0 && { retryAt: now + delayMs }) };
}

/** Desired open, not over, and nobody runs it: what the alarm on streams that are down counts. */
export function isDown(row: ConnectionRow, now: number): boolean {
  const over = row.status === STATUS.completed || row.status === STATUS.failed;
  return row.desired === "open" && !over && !isLive(row, now) && !isClaimed(row, now);
}

/** The first crash is an accident; a crash loop backs off, 5 s doubling to 320 s. */
function crashDelayMs(attempt: number): number {
  return attempt < 2 ? 0 : Math.min(320_000, 5_000 * 2 ** (attempt - 2));
}
