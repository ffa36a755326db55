import { setTimeout as sleep } from "node:timers/promises";
import type { Behaviour } from "../../fakes/feeds";
import { type ChaosFault, nextLine, type Scene } from "../scene";

/** Waits for two handovers with this behaviour of the feed. */
async function underBehaviour({ feed, ...scene }: Scene, behaviour: Behaviour): Promise<void> {
  Object.assign(feed.behaviour, behaviour);
  try {
    const first = await nextLine({ feed, ...scene }, "lease-acquired");
    await nextLine({ feed, ...scene }, "lease-acquired", first);
  } finally {
    for (const name of Object.keys(behaviour) as (keyof Behaviour)[]) delete feed.behaviour[name];
  }
}

/** Closes all connections, and refuses the next request with this status. */
async function refusedOnce({ chaos, feed }: Scene, status: number, retryAfter: number): Promise<void> {
  feed.behaviour.refuse = () => {
    delete feed.behaviour.refuse;
    return { status, retryAfter };
  };
  feed.cut("end");
  await chaos.until("the refusal", () => feed.behaviour.refuse === undefined);
}

/** Faults of the upstream. */
export const UPSTREAM_FAULTS: readonly ChaosFault[] = [
  { name: "upstream-closes", inject: async ({ feed }) => feed.cut("end") },
  { name: "upstream-resets", inject: async ({ feed }) => feed.cut("reset") },
  { name: "upstream-stalls", inject: async ({ feed }) => feed.cut("stall") },
  {
    name: "upstream-subscribes-late",
    inject: (scene) => underBehaviour(scene, { subscribeDelayMs: scene.chaos.hopMs / 5 }),
  },
  { name: "upstream-keeps-newest", inject: (scene) => underBehaviour(scene, { newestOnly: "starve" }) },
  { name: "upstream-closes-older", inject: (scene) => underBehaviour(scene, { newestOnly: "close" }) },
  {
    name: "upstream-429-second",
    inject: async (scene) => {
      let refused = 0;
      const refuse: Behaviour["refuse"] = (_, open) => {
        if (open === 0) return undefined;
        refused += 1;
        return { status: 429 };
      };
      await underBehaviour(scene, { refuse });
      if (refused === 0) throw new Error("Expected a second connection attempt");
    },
  },
  { name: "upstream-503-retry-after", inject: (scene) => refusedOnce(scene, 503, 1) },
  { name: "retry-after-beyond-hop", inject: (scene) => refusedOnce(scene, 503, (scene.chaos.hopMs / 1_000) * 1.2) },
  {
    // As after a long stop: the upstream no longer accepts the position when the stream starts again.
    name: "position-expired",
    inject: async (scene) => {
      const { api } = scene.chaos;
      await Promise.all([nextLine(scene, "stream-left"), api.stop(scene.streamId)]);
      let refusals = 0;
      scene.feed.behaviour.refuse = ({ headers }) => {
        if (headers["last-event-id"] === undefined || refusals > 0) return undefined;
        refusals += 1;
        return { status: 410 };
      };
      await sleep(scene.random() * 500);
      await api.start(scene.streamId);
      await nextLine(scene, "lease-acquired");
      await scene.chaos.until("the refusal of the position", () => refusals > 0);
    },
  },
];
