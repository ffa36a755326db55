import type { Fault as CloudFault, FaultEffect } from "../../local/cloud/faults";
import type { Feed } from "../fakes/feeds";
import type { ChaosStack, Hop, HopLine } from "./chaos-stack";

/** A running stream for one or more faults. */
export interface Scene {
  readonly chaos: ChaosStack;
  readonly streamId: string;
  readonly feed: Feed;
  readonly random: () => number;
  /** Whether this is the only fault. Another one can prevent it. */
  readonly onlyFault: boolean;
}

/** A fault of the chaos run. */
export interface ChaosFault {
  readonly name: string;
  /** Allowed number of concurrent upstream connections: 2, or 3 when a frozen process keeps another one. */
  readonly peak?: number;
  /** Injects the fault. Resolves when its cause has ended. */
  inject(scene: Scene): Promise<void>;
}

/** Waits for a new log line of the stream's hops, or for the first one after `after`. */
export async function nextLine({ chaos, streamId }: Scene, event: string, after?: HopLine): Promise<HopLine> {
  const from = after === undefined ? chaos.lines(streamId).length : chaos.lines(streamId).indexOf(after) + 1;
  const found = () =>
    chaos
      .lines(streamId)
      .slice(from)
      .find((line) => line.event === event);
  await chaos.until(`a line ${event} of ${streamId}`, () => found() !== undefined);
  return found()!;
}

/** The hop that acquired last. */
export function owner({ chaos, streamId }: Scene): Hop | undefined {
  const acquired = chaos.lines(streamId).findLast(({ event }) => event === "lease-acquired");
  return chaos.hops(streamId).find(({ requestId }) => requestId === acquired?.requestId);
}

/** Waits for an owner. */
export async function currentOwner(scene: Scene): Promise<Hop> {
  await scene.chaos.until(`an owner of ${scene.streamId}`, () => owner(scene) !== undefined);
  return owner(scene)!;
}

/** A hop that has just acquired the lease. */
export async function nextOwner(scene: Scene): Promise<Hop> {
  await nextLine(scene, "lease-acquired");
  return currentOwner(scene);
}

export interface CallFilter extends Omit<CloudFault, "match" | "effect"> {
  readonly caller?: string;
  /** Text in the body of the calls. */
  readonly bodyIncludes?: string;
}

/**
 * Injects a fault of the cloud for this scene's stream while `act` runs. Throws when a single fault hits no call, because
 * then it proves nothing.
 */
export async function under(
  { chaos, streamId, onlyFault }: Scene,
  action: string,
  effect: FaultEffect,
  act: () => Promise<unknown>,
  { caller, bodyIncludes = "", ...rest }: CallFilter = {},
): Promise<void> {
  const match = { action, bodyIncludes: [`"${streamId}"`, bodyIncludes], ...(caller !== undefined && { caller }) };
  const remove = chaos.stack.cloud.faults.add({ match, effect, ...rest });
  let hits = 0;
  try {
    await act();
  } finally {
    hits = remove();
  }
  if (hits === 0 && onlyFault)
    throw new Error(`Expected the fault to hit a call of ${streamId}: ${action} ${bodyIncludes} ${effect.kind}`);
}

/** Sends a signal. The process may have ended already. */
export function signal({ pid }: Hop, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
