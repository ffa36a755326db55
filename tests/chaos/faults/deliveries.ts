import type { FaultEffect } from "../../../local/cloud/faults";
import { type ChaosFault, nextLine, under } from "../scene";

/** A predecessor invokes its successor up to three times; then the watchdog revives the stream. */
const MAX_INVOCATIONS = 3;
/** Of a hop: longer than a claim, the handover lead, and the predecessor's remaining time. */
const LATE = 4 / 5;

/** A fault of a hop's invocations of its successor, until the next owner. */
function successor(what: string, effect: (hopMs: number) => FaultEffect, times: number): ChaosFault {
  return {
    name: `successor-${what}`,
    inject: (scene) =>
      under(scene, "lambda:DeliverEvent", effect(scene.chaos.hopMs), () => nextLine(scene, "lease-acquired"), {
        caller: scene.chaos.functionName("manager"),
        times,
      }),
  };
}

/** Faults between Lambda's response to an asynchronous invocation and the function. */
export const DELIVERY_FAULTS: readonly ChaosFault[] = [
  successor("never-delivered", () => ({ kind: "lose" }), MAX_INVOCATIONS),
  successor("delivered-twice", () => ({ kind: "repeat" }), 1),
  successor("delivered-late", (hopMs) => ({ kind: "delay", ms: LATE * hopMs }), 1),
  {
    name: "watchdog-during-handover",
    inject: async (scene) => {
      const invoked = await nextLine(scene, "successor-invoked");
      const { functions } = scene.chaos.stack.cloud;
      for (const payload of ["{}", "{}"]) {
        functions.invokeAsync({ target: scene.chaos.functionName("watchdog"), payload, caller: "chaos" });
      }
      await nextLine(scene, "lease-acquired", invoked);
    },
  },
];
