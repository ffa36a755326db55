import { STATUS } from "../contract";
import {
  type Ask,
  type Fate,
  type Here,
  type Input,
  isMine,
  leaseOf,
  mayChain,
  type Rest,
  type Step,
  type StreamState,
} from "./stream-state";

type Going = Extract<StreamState, { phase: "lingering" | "leaving" }>;
type Leaving = Extract<StreamState, { phase: "leaving" }>;

export function left(fate: Fate): Step {
  return { state: { phase: "left", fate } };
}

/** Stops reading (unless the relay is gone already); `then` follows when everything is drained. */
export function leave(rest: Rest, already?: { drained: true; here: Here }): Step {
  const state: Leaving = { phase: "leaving", drained: already !== undefined, rest, askAt: Number.POSITIVE_INFINITY };
  return already ? last(state, already.here) : { state, effects: [{ do: "stop-reading" }] };
}

/** From the decision to leave to the end. */
export function whileLeaving(state: Going, input: Input, here: Here): Step {
  if (input.kind === "dropped") return { state, effects: [{ do: "reconnect", allowed: false }] };
  if (state.phase === "lingering") return lingering(state, input, here);
  if (input.kind === "ended") return last({ ...state, drained: true }, here);
  if (!state.drained) return draining(state, input, here);
  if (input.kind === "tick") return last(state, here);
  if (input.kind === "no-answer") return tryAgain(state, here);
  if (input.kind === "invoked") return left(fateOf(state.rest));
  if (input.kind === "answer") return answered(state, input, here);
  return { state };
}

/** Superseded in a hand-over: the successor's server may have sent headers before it subscribed, so we read on a little. */
function lingering(state: Extract<Going, { phase: "lingering" }>, input: Input, here: Here): Step {
  const rest: Rest = { kind: "tally", lease: state.lease, successor: state.successor, fate: "handed-over" };
  if (input.kind === "ended") return leave(rest, { drained: true, here });
  return input.kind === "tick" && here.now >= state.until ? leave(rest) : { state };
}

/** The lease is kept while the rest is stored. */
function draining(state: Leaving, input: Input, here: Here): Step {
  const lease = leaseOf(state.rest);
  if (!lease || state.rest.kind !== "release") return { state };
  const renewIn = (ms: number): Step => ({
    state: { ...state, rest: { ...state.rest, lease: { ...lease, renewAt: here.now + ms } } as Rest },
  });
  if (input.kind === "tick") {
    return here.now >= lease.renewAt ? { state, ask: { ask: "renew", lease, status: state.rest.status } } : { state };
  }
  if (input.kind === "no-answer") return renewIn(here.times.retryMs);
  if (input.kind !== "answer") return { state };
  if (input.written.applied) return renewIn(here.times.renewMs);
  // Not ours any more, or not wanted any more: what to do about it is decided when the release is refused.
  return renewIn(Number.POSITIVE_INFINITY);
}

/** The last writes, one after the other. */
function last(state: Leaving, here: Here): Step {
  const { rest } = state;
  const ask = askFor(rest);
  if (!ask) return left(fateOf(rest));
  if (here.now >= here.deadlineAt) return left(fateOf(rest));
  return { state: { ...state, askAt: Number.POSITIVE_INFINITY }, ask };
}

function askFor(rest: Rest): Ask | undefined {
  switch (rest.kind) {
    case "release":
      return { ask: "release", rest };
    case "tally":
      return { ask: "tally", rest };
    case "refuse":
      return { ask: "refuse", status: rest.status, retryAt: rest.retryAt };
    case "unclaim":
      return { ask: "unclaim" };
    case "invoke":
      return { ask: "invoke" };
    case "nothing":
      return undefined;
  }
}

/** Figures are told once: a second telling could double them. Everything else is repeated until the deadline. */
function tryAgain(state: Leaving, here: Here): Step {
  if (state.rest.kind === "tally") return left(state.rest.fate);
  return { state: { ...state, askAt: here.now + here.times.retryMs } };
}

function answered(state: Leaving, { written }: Extract<Input, { kind: "answer" }>, here: Here): Step {
  const { rest } = state;
  if (rest.kind !== "release") return left(fateOf(rest));
  if (written.applied) {
    const invoke = rest.invoke === "always" || (rest.invoke === "guarded" && mayChain(here));
    return invoke ? last({ ...state, rest: { kind: "invoke", fate: rest.fate } }, here) : left(rest.fate);
  }
  const { row } = written;
  const seen = { ...rest.lease, desiredVersion: rest.lease.row.desiredVersion };
  if (written.unsure && (!row || isMine(row, seen, here))) return tryAgain(state, here);
  if (!row) return left("gone");
  if (row.generation !== rest.lease.generation || row.owner !== here.nonce) return left("superseded");
  // A start or stop came between: release again, for what is wanted now.
  const again = row.desired === "open";
  const status = again ? STATUS.starting : STATUS.closed;
  const release: Rest = {
    ...rest,
    lease: { ...rest.lease, row },
    status,
    invoke: again ? "always" : "no",
    broke: false,
  };
  return last({ ...state, rest: release }, here);
}

function fateOf(rest: Rest): Fate {
  if (rest.kind === "refuse") return "refused";
  if (rest.kind === "unclaim") return "claim-lapsed";
  return rest.fate;
}
