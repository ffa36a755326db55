import { type ConnectionRow, STATUS } from "../../contract";
import { claimFree, desiredOpen, desiredVersionIs, generationIs, ownedBy, statusIs } from "../table/clauses";
import { type Clause, inFlightToUnknown, type RowChange } from "../table/row-change";
import type { Decision } from "./decision";
import { movedRecently } from "./placement";

/**
 * The watchdog's write for a decision, if any. Each is conditional on the generation as read, so it does not affect a hop that
 * acquired the stream since.
 */
export function watchdogChange(decision: Decision, row: ConnectionRow, run: WatchdogRun): RowChange | undefined {
  switch (decision.kind) {
    case "revive":
      return {
        ...named("revive", run),
        when: [desiredOpen, generationIs(row.generation), ownedBy(row.owner ?? ""), notRenewedSince(row)],
        set: {
          ...noOwner,
          status: decision.retryAt === undefined ? STATUS.starting : STATUS.waiting,
          attempt: decision.attempt,
          retryAt: decision.retryAt,
          watchdogNonce: run.nonce,
        },
      };
    case "retry-with-new-secret":
      return {
        ...named("retry", run),
        when: [desiredOpen, generationIs(row.generation), statusIs(STATUS.failed)],
        set: {
          status: STATUS.starting,
          attempt: 0,
          retryAt: undefined,
          lastError: undefined,
          refusal: undefined,
          watchdogNonce: run.nonce,
        },
      };
    case "fail-surplus":
      return {
        ...named("fail-surplus", run),
        when: [desiredVersionIs(row.desiredVersion), generationIs(row.generation)],
        set: {
          ...noOwner,
          claim: undefined,
          status: STATUS.failed,
          lastError: { ...decision.surplus, at: run.now },
          watchdogNonce: run.nonce,
        },
        // As a new generation: the hop that runs it stops at its next renew.
        add: { generation: 1 },
        move: inFlightToUnknown,
      };
    case "request-handover":
      return {
        ...named("request-handover", run),
        when: [generationIs(row.generation), ownedBy(row.owner ?? "")],
        set: { requestedRelease: run.release, watchdogNonce: run.nonce },
      };
    case "mark-closed":
      return {
        ...named("mark-closed", run),
        when: [desiredVersionIs(row.desiredVersion), generationIs(row.generation), notRenewedSince(row)],
        set: { ...noOwner, status: STATUS.closed, watchdogNonce: run.nonce },
        // The owner crashed, and perhaps no hop acquires the stream again.
        move: inFlightToUnknown,
      };
    default:
      return undefined;
  }
}

/** Marks a stream that a hop with others takes over. Of two watchdogs that move it at once, one succeeds. */
export function moveChange(row: ConnectionRow, run: Omit<WatchdogRun, "release">): RowChange {
  return {
    ...named("move", run),
    when: [
      desiredOpen,
      generationIs(row.generation),
      ownedBy(row.owner ?? ""),
      claimFree(run.now),
      { anyOf: [{ absent: "movedAt" }, { atMost: ["movedAt", movedRecently(row, run.now)] }] },
    ],
    set: { movedAt: run.now, watchdogNonce: run.nonce },
  };
}

export interface WatchdogRun {
  /** Random, one per run: identifies its writes in the rows. */
  readonly nonce: string;
  readonly now: number;
  readonly release: string;
}

const noOwner = { owner: undefined, expiresAt: undefined, beatUntil: undefined, connectedSince: undefined };

/** No owner, or one whose lease has ended and who has not written since. */
function notRenewedSince({ owner, expiresAt }: ConnectionRow): Clause {
  return owner === undefined || expiresAt === undefined ? { absent: "owner" } : { equals: ["expiresAt", expiresAt] };
}

function named(name: string, { nonce }: Pick<WatchdogRun, "nonce">): Pick<RowChange, "name" | "wasAppliedTo"> {
  return { name, wasAppliedTo: (row) => row.watchdogNonce === nonce };
}
