import { type ChaosFault, freshOwner, nextLine, owner, signal, theOwner } from "../scene";

/** Fates of a hop that noticed by itself that its time was over. */
const NOTICED = ["superseded", "lease-lost"];

/** What happens to the processes of hops. */
export const PROCESS_FAULTS: readonly ChaosFault[] = [
  { name: "hop-killed", inject: async (scene) => signal(await theOwner(scene), "SIGKILL") },
  {
    // It wakes beside its replacement, must notice, and may write nothing: its generation is over.
    name: "hop-stopped-past-lease",
    inject: async (scene) => {
      const frozen = await freshOwner(scene);
      signal(frozen, "SIGSTOP");
      try {
        await nextLine(scene, "lease-acquired");
      } finally {
        signal(frozen, "SIGCONT");
      }
      const { chaos, streamId } = scene;
      const leaving = () =>
        chaos.lines(streamId).find((line) => line.event === "stream-left" && line.requestId === frozen.requestId);
      await chaos.until("the last line of the hop that slept", () => leaving() !== undefined);
      if (!NOTICED.includes(String(leaving()?.reason)))
        throw new Error(`The hop that slept left as ${leaving()?.reason}`);
    },
  },
  {
    name: "hop-timed-out",
    peak: 3,
    inject: async (scene) => {
      const frozen = await theOwner(scene);
      signal(frozen, "SIGSTOP");
      const { chaos, streamId } = scene;
      await chaos.until("Lambda's timeout", () =>
        chaos.hops(streamId).every(({ requestId }) => requestId !== frozen.requestId),
      );
    },
  },
  {
    name: "predecessor-killed-in-overlap",
    inject: async (scene) => {
      await nextLine(scene, "claimed");
      const predecessor = owner(scene);
      if (predecessor !== undefined) signal(predecessor, "SIGKILL");
    },
  },
];
