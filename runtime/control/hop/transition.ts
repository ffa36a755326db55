import { acquiringTransition } from "./acquiring";
import { holdingTransition } from "./holding";
import { leavingTransition } from "./leaving";
import { standingBy } from "./standing-by";
import type { HopContext, HopEvent, StreamState, Transition } from "./state";

/** The state machine. Pure: the same state, event and context give the same transition. */
export function transition(state: StreamState, event: HopEvent, context: HopContext): Transition {
  switch (state.phase) {
    case "claiming":
    case "acquiring":
    case "connecting":
      return acquiringTransition(state, event, context);
    case "standing-by":
      return standingBy(state, event, context);
    case "holding":
    case "handing-over":
      return holdingTransition(state, event, context);
    case "lingering":
    case "leaving":
      return leavingTransition(state, event, context);
    case "left":
      return event.kind === "dropped" ? { state, effects: [{ do: "reconnect", allowed: false }] } : { state };
  }
}
