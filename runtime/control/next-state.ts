import { beforeLease } from "./before-lease";
import type { Here, Input, Step, StreamState } from "./stream-state";
import { whileHolding } from "./while-holding";
import { whileLeaving } from "./while-leaving";

/** The whole machine. Pure: the same state, input and time give the same step. */
export function nextState(state: StreamState, input: Input, here: Here): Step {
  switch (state.phase) {
    case "claiming":
    case "acquiring":
    case "trying":
      return beforeLease(state, input, here);
    case "holding":
    case "handing-over":
      return whileHolding(state, input, here);
    case "lingering":
    case "leaving":
      return whileLeaving(state, input, here);
    case "left":
      return input.kind === "dropped" ? { state, effects: [{ do: "reconnect", allowed: false }] } : { state };
  }
}
