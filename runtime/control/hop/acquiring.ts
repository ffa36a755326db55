import type { ConnectionRow } from "../../contract";
import type { RelayOutcome } from "../../relay-port";
import { hold } from "./holding";
import { leave, left } from "./leaving";
import { standBy } from "./standing-by";
import { type Connecting, type HopContext, type HopEvent, modeOf, type StreamState, type Transition } from "./state";

type Acquiring = Extract<StreamState, { phase: "claiming" | "acquiring" | "connecting" }>;

/** From the invocation to the lease. No connection is opened before a claim or a lease is held. */
export function acquiringTransition(state: Acquiring, event: HopEvent, context: HopContext): Transition {
  if (state.phase === "claiming") return claiming(state, event, context);
  if (state.phase === "acquiring") return acquiring(state, event, context);
  return connecting(state, event, context);
}

function claiming(state: Extract<Acquiring, { phase: "claiming" }>, event: HopEvent, context: HopContext): Transition {
  if (event.kind === "begin" || event.kind === "tick") {
    return { state, command: { kind: "claim", generation: state.generation } };
  }
  if (event.kind === "no-response") return retryLater(state, context);
  if (event.kind === "slot")
    return event.taken ? connect(state.generation, event.row, context) : standBy(state.generation, context);
  if (event.kind !== "response") return { state };
  const { written } = event;
  if (!written.applied && written.uncertain) return retryLater(state, context);
  if (!written.applied || !written.row.claim) return left("not-needed");
  const { row } = written;
  if (modeOf(row, context) === "break") return standBy(state.generation, context);
  return context.maxConnections === undefined
    ? connect(state.generation, row, context)
    : { state, command: { kind: "take-slot", row } };
}

/** Opens the second connection of the stream, under the claim. */
function connect(generation: number, row: ConnectionRow, context: HopContext): Transition {
  const state: Connecting = {
    phase: "connecting",
    generation,
    claimUntil: (row.claim?.until ?? context.now) - context.timing.leaseMarginMs,
    acquireAt: Number.POSITIVE_INFINITY,
    lateHead: row.lateHead === true,
  };
  return { state, effects: [{ do: "connect", generation: generation + 1, row }] };
}

function acquiring(
  state: Extract<Acquiring, { phase: "acquiring" }>,
  event: HopEvent,
  context: HopContext,
): Transition {
  if (event.kind === "begin" || event.kind === "tick") return { state, command: { kind: "acquire" } };
  if (event.kind === "no-response") return retryLater(state, context);
  if (event.kind !== "response") return { state };
  const { written } = event;
  if (!written.applied) return written.uncertain ? retryLater(state, context) : left("not-needed");
  const { row } = written;
  const held = hold(row, context);
  return { ...held, effects: [{ do: "connect", generation: row.generation, row }] };
}

/** The command is repeated for the length of one lease; after that the watchdog is the retry. */
function retryLater<S extends Extract<Acquiring, { commandAt: number }>>(state: S, context: HopContext): Transition {
  if (context.now >= context.beganAt + context.timing.leaseMs) return left("not-needed");
  return { state: { ...state, commandAt: context.now + context.timing.retryMs } };
}

/** How long break stays the mode after a refusal. Then overlap is tried again: a single 429 is not permanent. */
const REMEMBER_BREAK_MS = 24 * 60 * 60 * 1000;

/** The upstream takes one connection: connect when the predecessor has closed its own, unless the upstream named a later time. */
function refused(
  { generation }: Connecting,
  { status, retryAt }: Extract<RelayOutcome, { kind: "refused" }>,
  context: HopContext,
): Transition {
  const refusal = { status, retryAt, breakUntil: context.now + REMEMBER_BREAK_MS };
  const tooLate = retryAt !== undefined && retryAt > context.now + context.timing.leadMs;
  if (tooLate) return leave({ kind: "refuse", refusal }, { drained: true, context });
  return standBy(generation, context, refusal);
}

/** Connected under a claim; the predecessor still reads. */
function connecting(state: Connecting, event: HopEvent, context: HopContext): Transition {
  const acquire: Transition = {
    state: { ...state, acquireAt: Number.POSITIVE_INFINITY },
    command: { kind: "acquire", claimed: state.generation },
  };
  const again: Transition = { state: { ...state, acquireAt: context.now + context.timing.retryMs } };
  switch (event.kind) {
    case "tick":
      if (context.now >= state.claimUntil) return leave({ kind: "release-claim" });
      return context.now >= state.acquireAt ? acquire : { state };
    case "progress":
      if (context.now >= state.claimUntil) return leave({ kind: "release-claim" });
      if (event.progress.kind === "first-byte") return acquire;
      if (event.progress.kind !== "open" && !(event.progress.kind === "sent" && state.lateHead)) return { state };
      // Many servers send headers before they subscribe, and quiet streams send nothing for long, perhaps not even headers.
      return {
        state: { ...state, acquireAt: Math.min(state.acquireAt, context.now + context.timing.subscribeGraceMs) },
      };
    case "response":
      if (event.written.applied)
        return hold(event.written.row, context, { hasSlot: context.maxConnections !== undefined });
      return event.written.uncertain ? again : leave({ kind: "release-claim" });
    case "no-response":
      return again;
    case "dropped":
      return { state, effects: [{ do: "reconnect", allowed: false }] };
    case "ended":
      return event.outcome.kind === "refused"
        ? refused(state, event.outcome, context)
        : leave({ kind: "release-claim" }, { drained: true, context });
    default:
      return { state };
  }
}
