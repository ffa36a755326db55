import { setTimeout as sleep } from "node:timers/promises";
import type { FaultEffect } from "../../../local/cloud/faults";
import { type ChaosFault, nextLine, nextOwner, type Scene, under } from "../scene";

const ANY_CALL = "dynamodb:*";
/** Of a hop: four leases. */
const OUTAGE = 4 / 5;
/** Ten times the latency of the local engine under load. */
const SLOW_MS = 100;
/** Of a hop: longer than its drain, from the end of reading to the release. */
const BEYOND_DRAIN = 1 / 10;

/** Texts that identify the writes of the lease protocol (runtime/control/hop/lease.ts). */
const WRITES = {
  claim: "SET #claim = ",
  acquire: "#generation = if_not_exists(#generation, ",
  renew: "SET #expiresAt = ",
  release: "#releaseNonce = ",
} as const;

/** The write succeeds, but its response is lost. */
function responseLost(write: keyof typeof WRITES, act: (scene: Scene) => Promise<unknown>): ChaosFault {
  return {
    name: `response-lost-${write}`,
    inject: (scene) =>
      under(scene, "dynamodb:UpdateItem", { kind: "drop-response" }, () => act(scene), {
        bodyIncludes: WRITES[write],
        times: 1,
      }),
  };
}

/** Injected after an acquire, because a stream that has just started can be between a claim and an acquire. */
function ofNextHandover({ name, inject }: ChaosFault): ChaosFault {
  return { name, inject: async (scene) => nextOwner(scene).then(() => inject(scene)) };
}

function outage(name: string, effect: FaultEffect): ChaosFault {
  return { name, inject: (scene) => under(scene, ANY_CALL, effect, () => sleep(OUTAGE * scene.chaos.hopMs)) };
}

/** Faults between a hop and DynamoDB. */
export const DATABASE_FAULTS: readonly ChaosFault[] = [
  outage("dynamodb-throttled", { kind: "throttle" }),
  outage("dynamodb-unavailable", { kind: "unavailable" }),
  outage("dynamodb-failing", { kind: "error" }),
  ofNextHandover(responseLost("claim", (scene) => nextLine(scene, "lease-acquired"))),
  ofNextHandover(responseLost("acquire", (scene) => nextLine(scene, "lease-acquired"))),
  responseLost("renew", (scene) => nextLine(scene, "lease-acquired")),
  responseLost("release", async (scene) => {
    const { api } = scene.chaos;
    await Promise.all([nextLine(scene, "stream-left"), api.stop(scene.streamId)]);
    await api.start(scene.streamId);
  }),
  {
    name: "dynamodb-slow-at-deadline",
    inject: async (scene) => {
      await nextOwner(scene);
      await under(scene, ANY_CALL, { kind: "delay", ms: SLOW_MS }, async () => {
        const invoked = await nextLine(scene, "successor-invoked");
        scene.feed.burst(2_000);
        await nextLine(scene, "lease-acquired", invoked);
      });
    },
  },
  {
    // No successor takes over, and writes take longer than the remaining time: abandoned events must be after the checkpoint.
    name: "full-buffer-at-deadline",
    inject: async (scene) => {
      await nextOwner(scene);
      await under(scene, "lambda:DeliverEvent", { kind: "lose" }, async () => {
        const first = await nextLine(scene, "successor-invoked");
        await nextLine(scene, "successor-invoked", first);
        await under(
          scene,
          "dynamodb:BatchWriteItem",
          { kind: "delay", ms: BEYOND_DRAIN * scene.chaos.hopMs },
          async () => {
            scene.feed.burst(4_000);
            const { counters } = await nextLine(scene, "stream-left");
            const { abandoned } = counters as { abandoned: number };
            if (abandoned === 0 && scene.onlyFault)
              throw new Error("Expected abandoned events, but all were drained in time");
          },
        );
      });
    },
  },
];
