import type { Fault as CloudFault, FaultEffect } from "../../local/cloud/faults";
import type { Feed } from "../fakes/feeds";
import type { ChaosStack, Hop, HopLine } from "./chaos-stack";

/** One stream that runs well, for one fault (or a few at once) to happen to. */
export interface Scene {
  readonly chaos: ChaosStack;
  readonly streamId: string;
  readonly feed: Feed;
  readonly random: () => number;
  /** No other fault happens meanwhile that could keep this one from happening. */
  readonly alone: boolean;
}

/** Something that goes wrong. */
export interface ChaosFault {
  readonly name: string;
  /** Upstream connections that it may lead to at once; 2 unless a frozen process holds one besides. */
  readonly peak?: number;
  /** Makes it happen; resolves when the cause is gone, whatever it left behind. */
  inject(scene: Scene): Promise<void>;
}

/** Waits for a line of the stream's hops that is not there yet. */
export async function nextLine({ chaos, streamId }: Scene, event: string): Promise<HopLine> {
  const before = chaos.lines(streamId).length;
  const found = () =>
    chaos
      .lines(streamId)
      .slice(before)
      .find((line) => line.event === event);
  await chaos.until(`a line ${event} of ${streamId}`, () => found() !== undefined);
  return found()!;
}

/** The hop that acquired last. */
export function owner({ chaos, streamId }: Scene): Hop | undefined {
  const acquired = chaos.lines(streamId).findLast(({ event }) => event === "lease-acquired");
  return chaos.hops(streamId).find(({ requestId }) => requestId === acquired?.requestId);
}

/** The owner, as soon as there is one. */
export async function theOwner(scene: Scene): Promise<Hop> {
  await scene.chaos.until(`an owner of ${scene.streamId}`, () => owner(scene) !== undefined);
  return owner(scene)!;
}

/** A hop that has just begun to own the stream: its whole time is ahead of it. */
export async function freshOwner(scene: Scene): Promise<Hop> {
  await nextLine(scene, "lease-acquired");
  return theOwner(scene);
}

export interface Aim extends Omit<CloudFault, "match" | "effect"> {
  readonly caller?: string;
  /** What tells the calls meant from others of the action. */
  readonly holds?: string;
}

/**
 * A fault of the cloud that hits this scene's stream and no other, while `act` lasts. A fault that was alone and hit
 * nothing proves nothing: then it throws.
 */
export async function under(
  { chaos, streamId, alone }: Scene,
  action: string,
  effect: FaultEffect,
  act: () => Promise<unknown>,
  { caller, holds = "", ...rest }: Aim = {},
): Promise<void> {
  const match = { action, bodyIncludes: [`"${streamId}"`, holds], ...(caller !== undefined && { caller }) };
  const remove = chaos.stack.cloud.faults.add({ match, effect, ...rest });
  let hits = 0;
  try {
    await act();
  } finally {
    hits = remove();
  }
  if (hits === 0 && alone) throw new Error(`No call of ${streamId} was hit: ${action} ${holds} ${effect.kind}`);
}

/** The process may be gone by itself by now: that is the same to us. */
export function signal({ pid }: Hop, name: "SIGKILL" | "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
