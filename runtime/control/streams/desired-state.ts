import { CONTRACT_VERSION, type ConnectionRow, STATUS, type StreamHealth, ZERO_COUNTERS } from "../../contract";
import { StreamError } from "../../support/errors";
import { desiredVersionIs, generationIs, leaseFree, rowMissing } from "../table/clauses";
import { isLive } from "../table/connection-table";
import { inFlightToUnknown, type RowChange, type StoredRow } from "../table/row-change";

/**
 * The writes of start and stop. Each is conditional on `desiredVersion` and `generation` as read. Of two concurrent writers, the
 * second reads the row again and decides again.
 */
export interface DesiredChange {
  /** Random, one per request: identifies the write in the row. */
  readonly nonce: string;
  readonly now: number;
  /** New value of `declared`. Absent: leave it unchanged. */
  readonly declared?: boolean | "remove";
}

export function open(seen: ConnectionRow | undefined, change: DesiredChange & { readonly resume: boolean }): RowChange {
  const initial = seen ? {} : { v: CONTRACT_VERSION, generation: 0, counters: ZERO_COUNTERS, handover: { count: 0 } };
  const idle = !seen || !isLive(seen, change.now);
  const reset = idle
    ? {
        status: STATUS.starting,
        attempt: 0,
        lastNumber: undefined,
        lastError: undefined,
        refusal: undefined,
        disconnectedAt: undefined,
        ...HEALTHY,
      }
    : {};
  // A leaving owner would write its checkpoint again. A new generation makes that write fail.
  const dropCheckpoint = change.resume
    ? {}
    : {
        checkpoint: undefined,
        owner: undefined,
        expiresAt: undefined,
        // The owner does not know yet, and may write packs.
        ...(seen && isLive(seen, change.now) && { predecessorUntil: change.now + LONGEST_WRITES_MS }),
        handedOverFrom: undefined,
        generation: (seen?.generation ?? 0) + 1,
      };
  const start = desiredChange("start", seen, change, { desired: "open", ...initial, ...reset, ...dropCheckpoint });
  return seen && !change.resume ? { ...start, move: inFlightToUnknown } : start;
}

/** Length of a lease: an owner that does not see its row for so long writes no more. */
const LONGEST_WRITES_MS = 30_000;

/** Removes what the last run reported about its writes and bytes. */
const HEALTHY: Record<keyof StreamHealth, undefined> = {
  unstoredSince: undefined,
  throttledSince: undefined,
  mute: undefined,
};

export function close(seen: ConnectionRow, change: DesiredChange): RowChange {
  if (isLive(seen, change.now)) return desiredChange("stop", seen, change, { desired: "closed" });
  const released = { status: STATUS.closed, owner: undefined, expiresAt: undefined, claim: undefined };
  // An owner that crashed reports no more what it had in flight.
  return { ...desiredChange("stop", seen, change, { desired: "closed", ...released }), move: inFlightToUnknown };
}

function desiredChange(
  name: string,
  seen: ConnectionRow | undefined,
  { nonce, now, declared }: DesiredChange,
  set: RowChange["set"],
): RowChange {
  const flag = declared === undefined ? {} : { declared: declared === "remove" ? undefined : declared };
  return {
    name,
    when: seen
      ? [
          desiredVersionIs(seen.desiredVersion),
          generationIs(seen.generation),
          ...(isLive(seen, now) ? [] : [leaseFree(now)]),
        ]
      : [rowMissing],
    set: { ...set, ...flag, desiredVersion: (seen?.desiredVersion ?? 0) + 1, desiredNonce: nonce },
    wasAppliedTo: (row: StoredRow) => row.desiredNonce === nonce,
  };
}

/** How often start and stop read the row and try to write it. */
export const WRITE_ATTEMPTS = 5;

export function tooManyConflicts(operation: string, streamId: string): StreamError {
  return new StreamError(
    "STORE_UNAVAILABLE",
    `Could not ${operation} stream ${streamId}: its row changed during each of ${WRITE_ATTEMPTS} attempts. Try again.`,
    { retryable: true },
  );
}
