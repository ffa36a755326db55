import type { ConnectionRow, Counters, Desired, HandoverStats, Status } from "../../contract";
import { isLive } from "../table/connection-table";

/** One stream as the API shows it. Times are ISO 8601 in UTC; a field that has no value yet is absent. */
export interface ConnectionView {
  readonly streamId: string;
  /** What was asked for. */
  readonly desired: Desired;
  /** What its last owner wrote; read it together with `live`. */
  readonly status: Status;
  /** Whether a hop holds the lease now. `desired` open and not live: the watchdog starts it within two minutes, or not before `retryAt`. */
  readonly live: boolean;
  /** Whether the deployment's `streams` list started it. */
  readonly declared: boolean;
  readonly generation: number;
  readonly connectedSince?: string;
  readonly lastByteAt?: string;
  /** Position it resumes from. Opaque, chosen by upstream. */
  readonly checkpoint?: string;
  /** Failed attempts in a row. */
  readonly attempt: number;
  readonly retryAt?: string;
  readonly counters: Counters;
  readonly handover?: HandoverStats;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: string };
}

/** Names the fields one by one: nothing that a later release adds to the row becomes public by itself. */
export function connectionView(row: ConnectionRow, now: number): ConnectionView {
  const { lastError } = row;
  return {
    streamId: row.streamId,
    desired: row.desired,
    status: row.status,
    live: isLive(row, now),
    declared: row.declared ?? false,
    generation: row.generation,
    connectedSince: iso(row.connectedSince),
    lastByteAt: iso(row.lastByteAt),
    checkpoint: row.checkpoint,
    attempt: row.attempt,
    retryAt: iso(row.retryAt),
    counters: row.counters,
    handover: row.handover,
    lastError: lastError && {
      code: lastError.code,
      message: lastError.message,
      at: new Date(lastError.at).toISOString(),
    },
  };
}

function iso(at: number | undefined): string | undefined {
  return at === undefined ? undefined : new Date(at).toISOString();
}
