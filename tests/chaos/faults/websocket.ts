import type { ChaosFault, Scene } from "../scene";
import { nextLine, under } from "../scene";

/** Events at once, while the table is slow: more than the relay may hold, so its socket has to stand still. */
const BURST = 3_000;
const SLOW_MS = 300;

/** The upstream closes all connections with this code. */
function closed(code: number): ChaosFault {
  return { name: `websocket-closed-${code}`, inject: async ({ feed }) => feed.cut("end", code) };
}

async function stalledTwice(scene: Scene): Promise<void> {
  for (let time = 0; time < 2; time++) {
    const { requests } = scene.feed;
    scene.feed.cut("stall");
    await scene.chaos.until("the connection after a ping without an answer", () => scene.feed.requests > requests);
  }
}

/** Faults of an upstream that is a WebSocket. */
export const WEBSOCKET_FAULTS: readonly ChaosFault[] = [
  // Going away, internal error, try again later, and a code of the service.
  ...[1001, 1011, 1013, 4000].map(closed),
  { name: "websocket-half-open", inject: stalledTwice },
  {
    name: "websocket-half-open-in-handover",
    inject: async (scene) => {
      await nextLine(scene, "successor-invoked");
      scene.feed.cut("stall");
      await nextLine(scene, "lease-acquired");
    },
  },
  {
    name: "websocket-read-slowly",
    inject: (scene) =>
      under(scene, "dynamodb:BatchWriteItem", { kind: "delay", ms: SLOW_MS }, async () => {
        const { length } = scene.feed.sent;
        scene.feed.burst(BURST);
        await scene.chaos.until(
          "half of the burst",
          () => scene.chaos.inserted(scene.streamId).size > length + BURST / 2,
        );
      }),
  },
];
