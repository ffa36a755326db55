import { CONTRACT_VERSION, type ConnectionRow, STATUS, ZERO_COUNTERS } from "../../contract";
import { StreamError } from "../../support/errors";
import { desiredVersionIs, generationIs, leaseFree, rowMissing } from "../table/clauses";
import { isLive } from "../table/connection-table";
import type { RowChange, StoredRow } from "../table/row-change";

/**
 * What should be: the changes that start and stop write. Each is made against the row as it was read (`desiredVersion` and
 * `generation` as seen), so that of two writers at one instant the second reads again and decides again.
 */
export interface DesiredChange {
  /** Random, once per request: the mark by which the writer knows its own write. */
  readonly nonce: string;
  readonly now: number;
  /** New value of the row's `declared` flag; absent = leave it. */
  readonly declared?: boolean | "remove";
}

export function open(seen: ConnectionRow | undefined, change: DesiredChange & { readonly resume: boolean }): RowChange {
  const fresh = seen ? {} : { v: CONTRACT_VERSION, generation: 0, counters: ZERO_COUNTERS, handover: { count: 0 } };
  const idle = !seen || !isLive(seen, change.now);
  const left = idle ? { status: STATUS.starting, attempt: 0, lastError: undefined, disconnectedAt: undefined } : {};
  // A leaving owner would write its checkpoint once more: a new generation takes its pen away.
  const forget = change.resume
    ? {}
    : { checkpoint: undefined, owner: undefined, expiresAt: undefined, generation: (seen?.generation ?? 0) + 1 };
  return desire("start", seen, change, { desired: "open", ...fresh, ...left, ...forget });
}

export function close(seen: ConnectionRow, change: DesiredChange): RowChange {
  const left = isLive(seen, change.now)
    ? {}
    : { status: STATUS.closed, owner: undefined, expiresAt: undefined, claim: undefined };
  return desire("stop", seen, change, { desired: "closed", ...left });
}

function desire(
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

/** How often a use case reads and decides again after another writer changed the row. */
export const WRITE_ATTEMPTS = 5;

export function tooManyConflicts(what: string, streamId: string): StreamError {
  return new StreamError(
    "STORE_UNAVAILABLE",
    `Could not ${what} stream ${streamId}: its row changed during each of ${WRITE_ATTEMPTS} attempts. Try again.`,
    { retryable: true },
  );
}
