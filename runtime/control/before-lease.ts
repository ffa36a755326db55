import type { Here, Input, Step, StreamState, Trying } from "./stream-state";
import { hold } from "./while-holding";
import { leave, left } from "./while-leaving";

type Before = Extract<StreamState, { phase: "claiming" | "acquiring" | "trying" }>;

/** From the invocation to the lease. Nothing is connected before a claim or a lease was won. */
export function beforeLease(state: Before, input: Input, here: Here): Step {
  if (state.phase === "claiming") return claiming(state, input, here);
  if (state.phase === "acquiring") return acquiring(state, input, here);
  return trying(state, input, here);
}

function claiming(state: Extract<Before, { phase: "claiming" }>, input: Input, here: Here): Step {
  if (input.kind === "begin" || input.kind === "tick") {
    return { state, ask: { ask: "claim", generation: state.generation } };
  }
  if (input.kind === "no-answer") return askAgain(state, here);
  if (input.kind !== "answer") return { state };
  const { written } = input;
  if (!written.applied && written.unsure) return askAgain(state, here);
  if (!written.applied || !written.row.claim) return left("not-needed");
  const { row } = written;
  const next: Trying = {
    phase: "trying",
    generation: state.generation,
    claimUntil: written.row.claim.until - here.times.leaseMarginMs,
    acquireAt: Number.POSITIVE_INFINITY,
  };
  return { state: next, effects: [{ do: "connect", generation: state.generation + 1, row }] };
}

function acquiring(state: Extract<Before, { phase: "acquiring" }>, input: Input, here: Here): Step {
  if (input.kind === "begin" || input.kind === "tick") return { state, ask: { ask: "acquire" } };
  if (input.kind === "no-answer") return askAgain(state, here);
  if (input.kind !== "answer") return { state };
  const { written } = input;
  if (!written.applied) return written.unsure ? askAgain(state, here) : left("not-needed");
  const { row } = written;
  const step = hold(row, here);
  return { ...step, effects: [{ do: "connect", generation: row.generation, row }] };
}

/** A table that does not answer is asked for one lease's length; then the watchdog is the retry. */
function askAgain<S extends Extract<Before, { askAt: number }>>(state: S, here: Here): Step {
  if (here.now >= here.enteredAt + here.times.leaseMs) return left("not-needed");
  return { state: { ...state, askAt: here.now + here.times.retryMs } };
}

/** Connected under a claim; the predecessor reads on. */
function trying(state: Trying, input: Input, here: Here): Step {
  const acquire: Step = {
    state: { ...state, acquireAt: Number.POSITIVE_INFINITY },
    ask: { ask: "acquire", claimed: state.generation },
  };
  const again: Step = { state: { ...state, acquireAt: here.now + here.times.retryMs } };
  switch (input.kind) {
    case "tick":
      if (here.now >= state.claimUntil) return leave({ kind: "unclaim" });
      return here.now >= state.acquireAt ? acquire : { state };
    case "progress":
      if (input.progress.kind === "first-byte") return acquire;
      if (input.progress.kind !== "open") return { state };
      // Many servers send headers before they subscribe, and quiet streams send nothing for long.
      return { state: { ...state, acquireAt: Math.min(state.acquireAt, here.now + here.times.settleMs) } };
    case "answer":
      if (input.written.applied) return hold(input.written.row, here);
      return input.written.unsure ? again : leave({ kind: "unclaim" });
    case "no-answer":
      return again;
    case "dropped":
      return { state, effects: [{ do: "reconnect", allowed: false }] };
    case "ended":
      return input.outcome.kind === "refused"
        ? leave(
            { kind: "refuse", status: input.outcome.status, retryAt: input.outcome.retryAt },
            { drained: true, here },
          )
        : leave({ kind: "unclaim" }, { drained: true, here });
    default:
      return { state };
  }
}
