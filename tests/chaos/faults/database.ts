import { setTimeout as sleep } from "node:timers/promises";
import type { FaultEffect } from "../../../local/cloud/faults";
import { type ChaosFault, freshOwner, nextLine, type Scene, under } from "../scene";

const ANY_CALL = "dynamodb:*";
/** Four leases of a five-second hop: 20 s are less than one of Lambda's. */
const OUTAGE_MS = 4_000;
/** Ten times what the local engine takes under load. */
const SLOW_MS = 100;
/** Longer than a hop of five seconds drains: from the end of reading to the release. */
const BEYOND_DRAIN_MS = 500;

/** Texts by which the writes of the lease protocol are told apart (runtime/control/lease.ts). */
const WRITES = {
  claim: "SET #claim = ",
  acquire: "#generation = #generation + ",
  renew: "SET #expiresAt = ",
  release: "#releaseNonce = ",
} as const;

/** The write is made, its answer is lost. */
function answerLost(write: keyof typeof WRITES, leadTo: (scene: Scene) => Promise<unknown>): ChaosFault {
  return {
    name: `answer-lost-${write}`,
    inject: (scene) =>
      under(scene, "dynamodb:UpdateItem", { kind: "drop-answer" }, () => leadTo(scene), {
        holds: WRITES[write],
        times: 1,
      }),
  };
}

function outage(name: string, effect: FaultEffect): ChaosFault {
  return { name, inject: (scene) => under(scene, ANY_CALL, effect, () => sleep(OUTAGE_MS)) };
}

/** What happens between a hop and DynamoDB. */
export const DATABASE_FAULTS: readonly ChaosFault[] = [
  outage("dynamodb-throttled", { kind: "throttle" }),
  outage("dynamodb-away", { kind: "unavailable" }),
  outage("dynamodb-failing", { kind: "error" }),
  answerLost("claim", (scene) => nextLine(scene, "lease-acquired")),
  answerLost("acquire", (scene) => nextLine(scene, "lease-acquired")),
  answerLost("renew", (scene) => nextLine(scene, "lease-acquired")),
  answerLost("release", async (scene) => {
    const { api } = scene.chaos;
    await api.stop(scene.streamId);
    await nextLine(scene, "stream-left");
    await api.start(scene.streamId);
  }),
  {
    name: "dynamodb-slow-at-deadline",
    inject: async (scene) => {
      await freshOwner(scene);
      await under(scene, ANY_CALL, { kind: "delay", ms: SLOW_MS }, async () => {
        await nextLine(scene, "successor-invoked");
        scene.feed.burst(2_000);
        await nextLine(scene, "lease-acquired");
      });
    },
  },
  {
    // Nobody takes over, and writes take longer than what is left: what is abandoned must lie after the checkpoint.
    name: "full-buffer-at-deadline",
    inject: async (scene) => {
      await freshOwner(scene);
      await under(scene, "lambda:DeliverEvent", { kind: "lose" }, async () => {
        await nextLine(scene, "successor-invoked");
        await nextLine(scene, "successor-invoked");
        await under(scene, "dynamodb:BatchWriteItem", { kind: "delay", ms: BEYOND_DRAIN_MS }, async () => {
          scene.feed.burst(4_000);
          const { counters } = await nextLine(scene, "stream-left");
          const { abandoned } = counters as { abandoned: number };
          if (abandoned === 0 && scene.alone) throw new Error("Everything was drained in time: nothing was proved");
        });
      });
    },
  },
];
