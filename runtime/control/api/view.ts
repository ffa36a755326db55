import type { ConnectionRow, Counters, Desired, HandoverStats, Status } from "../../contract";
import { isLive } from "../table/connection-table";

/** A stream in API responses. Times are ISO 8601 in UTC. Fields without a value are absent. */
export interface ConnectionView {
  readonly streamId: string;
  /** The requested state. */
  readonly desired: Desired;
  /** As its last owner wrote it. See also `live`. */
  readonly status: Status;
  /** Whether a hop holds the lease. If `desired` is open and `live` is false, the watchdog starts it within two minutes, but not before `retryAt`. */
  readonly live: boolean;
  /** Whether the deployment's `streams` started it. */
  readonly declared: boolean;
  readonly generation: number;
  readonly connectedSince?: string;
  readonly lastByteAt?: string;
  /** Position to resume from. Opaque: the upstream defines it. */
  readonly checkpoint?: string;
  /** Consecutive failed attempts. */
  readonly attempt: number;
  readonly retryAt?: string;
  readonly counters: Counters;
  readonly handover?: HandoverStats;
  readonly lastError?: { readonly code: string; readonly message: string; readonly at: string };
}

/** Copies the fields one by one, so that a new attribute of the row does not become public by accident. */
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
