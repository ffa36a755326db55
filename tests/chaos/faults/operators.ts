import { type ChaosFault, nextLine, type Scene } from "../scene";

async function stopped({ chaos, streamId, feed }: Scene): Promise<void> {
  await chaos.until(`${streamId} stopped`, () => chaos.hops(streamId).length === 0 && feed.open === 0);
}

/** Operations through the API. */
export const OPERATOR_FAULTS: readonly ChaosFault[] = [
  {
    name: "stop-start-within-renew",
    inject: async ({ chaos: { api }, streamId }) => {
      await api.stop(streamId);
      await api.start(streamId);
    },
  },
  {
    name: "two-starts-at-once",
    inject: async (scene) => {
      const { api } = scene.chaos;
      await api.stop(scene.streamId);
      await stopped(scene);
      await Promise.all([api.start(scene.streamId), api.start(scene.streamId)]);
    },
  },
  {
    name: "stop-during-handover",
    inject: async (scene) => {
      await nextLine(scene, "successor-invoked");
      await scene.chaos.api.stop(scene.streamId);
      await stopped(scene);
      await scene.chaos.api.start(scene.streamId);
    },
  },
];
