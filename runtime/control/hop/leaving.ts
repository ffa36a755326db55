import { STATUS } from "../../contract";
import type { WriteResult } from "../table/connection-table";
import {
  type Command,
  type ExitPlan,
  type ExitReason,
  type HopContext,
  type HopEvent,
  isOwner,
  type Lease,
  leaseOf,
  mayChain,
  type StreamState,
  type Transition,
} from "./state";

type Departing = Extract<StreamState, { phase: "lingering" | "leaving" }>;
type Leaving = Extract<StreamState, { phase: "leaving" }>;

export function left(reason: ExitReason): Transition {
  return { state: { phase: "left", reason } };
}

/** Stops reading (unless the relay has ended); `plan` follows when everything is drained. */
export function leave(plan: ExitPlan, already?: { drained: true; context: HopContext }): Transition {
  const state: Leaving = {
    phase: "leaving",
    drained: already !== undefined,
    plan,
    commandAt: Number.POSITIVE_INFINITY,
  };
  return already ? finalWrite(state, already.context) : { state, effects: [{ do: "stop-reading" }] };
}

/** From the decision to leave to the end. */
export function leavingTransition(state: Departing, event: HopEvent, context: HopContext): Transition {
  if (event.kind === "dropped") return { state, effects: [{ do: "reconnect", allowed: false }] };
  if (state.phase === "lingering") return lingering(state, event, context);
  if (event.kind === "ended") return finalWrite({ ...state, drained: true }, context);
  if (!state.drained) return draining(state, event, context);
  if (event.kind === "tick") return finalWrite(state, context);
  if (event.kind === "no-response") return retryWrite(uncertain(state), context);
  if (event.kind === "invoked") return left(exitReasonOf(state.plan));
  if (event.kind === "response") return onResponse(state, event, context);
  return { state };
}

/** Superseded in a handover: the successor's server may have sent headers before it subscribed, so read a little longer. */
function lingering(
  state: Extract<Departing, { phase: "lingering" }>,
  event: HopEvent,
  context: HopContext,
): Transition {
  const plan: ExitPlan = {
    kind: "add-final-counters",
    lease: state.lease,
    successor: state.successor,
    reason: "handed-over",
  };
  if (event.kind === "ended") return leave(plan, { drained: true, context });
  return event.kind === "tick" && context.now >= state.until ? leave(plan) : { state };
}

/** The lease is renewed while the remaining events are stored. */
function draining(state: Leaving, event: HopEvent, context: HopContext): Transition {
  const lease = leaseOf(state.plan);
  if (!lease || state.plan.kind !== "release") return { state };
  const renewIn = (ms: number, seen: Partial<Lease> = {}): Transition => ({
    state: { ...state, plan: { ...state.plan, lease: { ...lease, ...seen, renewAt: context.now + ms } } as ExitPlan },
  });
  if (event.kind === "tick") {
    return context.now >= lease.renewAt
      ? { state, command: { kind: "renew", lease, status: state.plan.status } }
      : { state };
  }
  if (event.kind === "no-response") return renewIn(context.timing.retryMs);
  if (event.kind !== "response") return { state };
  if (event.written.applied) {
    const until = (event.written.row.expiresAt ?? 0) - context.timing.leaseMarginMs;
    return renewIn(context.timing.renewMs, { until, seenAt: context.now });
  }
  // Another hop owns the stream, or it was stopped: the refused release decides what to do.
  return renewIn(Number.POSITIVE_INFINITY);
}

/** The final writes, one at a time. */
function finalWrite(state: Leaving, context: HopContext): Transition {
  const { plan } = state;
  const command = commandFor(plan);
  if (!command) return left(exitReasonOf(plan));
  if (context.now >= context.deadlineAt) return left(exitReasonOf(plan));
  return { state: { ...state, commandAt: Number.POSITIVE_INFINITY }, command };
}

function commandFor(plan: ExitPlan): Command | undefined {
  switch (plan.kind) {
    case "release":
      return { kind: "release", plan };
    case "add-final-counters":
      return { kind: "add-final-counters", plan };
    case "refuse":
      return { kind: "refuse", refusal: plan.refusal };
    case "release-claim":
      return { kind: "release-claim" };
    case "invoke":
      return { kind: "invoke" };
    case "nothing":
      return undefined;
  }
}

/** A final write is repeated until the deadline. */
function retryWrite(state: Leaving, context: HopContext): Transition {
  return { state: { ...state, commandAt: context.now + context.timing.retryMs } };
}

function uncertain(state: Leaving): Leaving {
  return state.plan.kind === "add-final-counters" ? { ...state, plan: { ...state.plan, uncertain: true } } : state;
}

function onResponse(
  state: Leaving,
  { written }: Extract<HopEvent, { kind: "response" }>,
  context: HopContext,
): Transition {
  const { plan } = state;
  if (plan.kind === "add-final-counters" && !written.applied) return afterCounters(state, plan, written, context);
  if (plan.kind !== "release") return left(exitReasonOf(plan));
  if (written.applied) {
    const invoke = plan.invoke === "always" || (plan.invoke === "guarded" && mayChain(context));
    return invoke
      ? finalWrite({ ...state, plan: { kind: "invoke", reason: plan.reason } }, context)
      : left(plan.reason);
  }
  const { row } = written;
  const seen = { ...plan.lease, desiredVersion: plan.lease.row.desiredVersion };
  if (written.uncertain && (!row || isOwner(row, seen, context))) return retryWrite(state, context);
  if (!row) return left("gone");
  if (row.generation > plan.lease.generation) {
    const { lease } = plan;
    return finalWrite(
      { ...state, plan: { kind: "add-final-counters", lease, successor: row, reason: "superseded" } },
      context,
    );
  }
  if (row.owner !== context.nonce) return left("superseded");
  // A start or stop was written in between: release again, for the new desired state.
  const again = row.desired === "open";
  const status = again ? STATUS.starting : STATUS.closed;
  const release: ExitPlan = {
    ...plan,
    lease: { ...plan.lease, row },
    status,
    invoke: again ? "always" : "no",
    measureGap: false,
  };
  return finalWrite({ ...state, plan: release }, context);
}

/**
 * The final counters were not written. When the successor has been succeeded, too, they go to the present owner's row: unless an
 * earlier attempt may have been applied, and the row no longer shows it.
 */
function afterCounters(
  state: Leaving,
  plan: Extract<ExitPlan, { kind: "add-final-counters" }>,
  { row, ...written }: Extract<WriteResult, { applied: false }>,
  context: HopContext,
): Transition {
  if (written.uncertain) return retryWrite(uncertain(state), context);
  const isSucceeded = row !== undefined && row.generation > plan.successor.generation;
  return isSucceeded && !plan.uncertain
    ? finalWrite({ ...state, plan: { ...plan, successor: row } }, context)
    : left(plan.reason);
}

function exitReasonOf(plan: ExitPlan): ExitReason {
  if (plan.kind === "refuse") return "refused";
  if (plan.kind === "release-claim") return "claim-lapsed";
  return plan.reason;
}
