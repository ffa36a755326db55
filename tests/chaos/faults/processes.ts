import { eventually } from "../../local/event-log";
import type { Hop } from "../chaos-stack";
import { type ChaosFault, currentOwner, nextLine, nextOwner, owner, type Scene, signal } from "../scene";

/** Exit reasons of a hop that found its lease lost. */
const LEASE_LOST_REASONS = ["superseded", "lease-lost"];

/** Faults of the hops' processes. */
export const PROCESS_FAULTS: readonly ChaosFault[] = [
  { name: "hop-killed", inject: async (scene) => signal(await currentOwner(scene), "SIGKILL") },
  {
    // It continues while its replacement runs, and must stop without a write, because its generation is over.
    name: "hop-stopped-past-lease",
    inject: async (scene) => {
      let reason: unknown;
      // On a busy machine Lambda's timeout can end the frozen hop before another one acquires.
      while (reason === undefined) reason = await freezePastLease(scene);
      if (!LEASE_LOST_REASONS.includes(String(reason)))
        throw new Error(`Expected the frozen hop to exit with ${LEASE_LOST_REASONS.join(" or ")}, got ${reason}`);
    },
  },
  {
    name: "hop-timed-out",
    peak: 3,
    inject: async (scene) => {
      const frozen = await currentOwner(scene);
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

/** Freezes a new owner until another hop has acquired. Returns its exit reason, or undefined after Lambda's timeout. */
async function freezePastLease(scene: Scene): Promise<unknown> {
  const { chaos, streamId } = scene;
  const frozen = await nextOwner(scene);
  signal(frozen, "SIGSTOP");
  try {
    await Promise.all([nextLine(scene, "lease-acquired"), restartAfterLease(scene, frozen)]);
  } finally {
    signal(frozen, "SIGCONT");
  }
  const leaving = () =>
    chaos.lines(streamId).find((line) => line.event === "stream-left" && line.requestId === frozen.requestId);
  await chaos.until("the exit of the frozen hop", () => leaving() !== undefined || chaos.timedOut(frozen.requestId));
  return leaving()?.reason;
}

/**
 * An operator restarts the stream when the lease has ended, unless the watchdog was faster. The watchdog would wait before it revives a
 * stream whose hops failed before, as they do on a busy machine.
 */
async function restartAfterLease(scene: Scene, frozen: Hop): Promise<void> {
  const { chaos, streamId } = scene;
  const { api } = chaos;
  const isReplaced = () => owner(scene)?.requestId !== frozen.requestId;
  await eventually(`the end of the lease of ${streamId}`, async () => {
    const view = (await api.list()).find((one) => one.streamId === streamId);
    return view?.live && !isReplaced() ? undefined : true;
  });
  if (isReplaced()) return;
  await api.stop(streamId);
  await api.start(streamId);
}
