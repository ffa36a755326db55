import { STATUS } from "../../contract";
import { isLive, type WriteResult } from "../table/connection-table";
import { hold } from "./holding";
import type { Refusal } from "./lease";
import { leave, left } from "./leaving";
import type { HopContext, HopEvent, StandingBy, Transition } from "./state";

/** Watched closely for this long. After that, the predecessor is expected to keep its connection for a while. */
const CLOSE_WATCH_MS = 10_000;

/**
 * A successor that is ready before its predecessor closes: the upstream takes one connection. It keeps its claim, watches the row,
 * and acquires and connects when the lease is released.
 */
export function standBy(generation: number, context: HopContext, refusal?: Refusal): Transition {
  const { now, timing } = context;
  const state: StandingBy = {
    phase: "standing-by",
    generation,
    refusal,
    since: now,
    claimAt: Number.POSITIVE_INFINITY,
    readAt: Number.POSITIVE_INFINITY,
    // A predecessor that was invoked for its handover has released the lease by then, or has lost it.
    giveUpAt: now + timing.leadMs + timing.leaseMs,
  };
  return { state, command: { kind: "wait-for-release", generation, refusal } };
}

export function standingBy(state: StandingBy, event: HopEvent, context: HopContext): Transition {
  const { now, timing } = context;
  switch (event.kind) {
    case "tick":
      if (now >= state.giveUpAt) return leave({ kind: "release-claim" }, { drained: true, context });
      if (now >= state.claimAt) {
        const { generation, refusal } = state;
        return {
          state: { ...state, claimAt: Number.POSITIVE_INFINITY },
          command: { kind: "wait-for-release", generation, refusal },
        };
      }
      return now >= state.readAt
        ? { state: { ...state, readAt: Number.POSITIVE_INFINITY }, command: { kind: "read" } }
        : { state };
    case "no-response":
      return { state: { ...state, claimAt: now + timing.retryMs, readAt: now + timing.retryMs } };
    case "response":
      if (event.to.kind === "acquire" && event.written.applied) {
        const { row } = event.written;
        return { ...hold(row, context), effects: [{ do: "connect", generation: row.generation, row }] };
      }
      return watch(state, event.to.kind, event.written, context);
    default:
      return { state };
  }
}

/** Decides by the row as just read or written. */
function watch(state: StandingBy, after: string, written: WriteResult, context: HopContext): Transition {
  const { now, nonce, timing } = context;
  const { row } = written;
  if (!row) return written.applied ? { state } : left("not-needed");
  if (row.generation !== state.generation || row.claim?.nonce !== nonce) return left("not-needed");
  const terminal = row.status === STATUS.completed || row.status === STATUS.failed;
  if (row.desired !== "open" || terminal) return leave({ kind: "release-claim" }, { drained: true, context });
  const claimAt = after === "wait-for-release" ? now + Math.floor(timing.claimMs / 3) : state.claimAt;
  const readAt = now + (now - state.since < CLOSE_WATCH_MS ? timing.watchMs : timing.renewHandingOverMs);
  const next = { ...state, claimAt: Math.min(claimAt, row.claim.until), readAt };
  const mayConnect = !isLive(row, now) && (row.retryAt ?? 0) <= now && after !== "acquire";
  if (!mayConnect) return { state: next };
  return { state: next, command: { kind: "acquire", claimed: state.generation, waited: true } };
}
