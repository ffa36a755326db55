import type { FaultEffect } from "../../../local/cloud/faults";
import { type ChaosFault, nextLine, under } from "../scene";

/** Three times a predecessor invokes its successor; after that the watchdog has to. */
const ALL_INVITATIONS = 3;
/** Longer than a claim, the lead and the predecessor's life. */
const LATE_MS = 4_000;

/** What becomes of a hop's invocations of its successor, until the stream has its next owner. */
function successor(what: string, effect: FaultEffect, times: number): ChaosFault {
  return {
    name: `successor-${what}`,
    inject: (scene) =>
      under(scene, "lambda:DeliverEvent", effect, () => nextLine(scene, "lease-acquired"), {
        caller: scene.chaos.functionName("manager"),
        times,
      }),
  };
}

/** What happens to invocations between Lambda's answer and the function. */
export const DELIVERY_FAULTS: readonly ChaosFault[] = [
  successor("never-delivered", { kind: "lose" }, ALL_INVITATIONS),
  successor("delivered-twice", { kind: "repeat" }, 1),
  successor("delivered-late", { kind: "delay", ms: LATE_MS }, 1),
  {
    name: "watchdog-during-handover",
    inject: async (scene) => {
      await nextLine(scene, "successor-invoked");
      const { functions } = scene.chaos.stack.cloud;
      for (const payload of ["{}", "{}"]) {
        functions.invokeAsync({ target: scene.chaos.functionName("watchdog"), payload, caller: "chaos" });
      }
      await nextLine(scene, "lease-acquired");
    },
  },
];
