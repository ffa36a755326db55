import type { HopPayload, HopStream } from "../contract";
import { gatherInvokes } from "./gather-invokes";
import type { HopDeps } from "./hop-deps";
import { HOP_EVENT } from "./hop-log";
import { runStream } from "./stream-hop";
import type { Fate } from "./stream-state";
import { timesFor } from "./times";

export interface HopOptions {
  /** Epoch ms at which Lambda ends the invocation. */
  readonly deadlineAt: number;
}

/**
 * Runs one hop: every stream of the payload with its own lease, connection and fate. A stream that fails, even by a bug of
 * ours, leaves the others alone.
 * @returns the fate of each stream; a bug that ended one is rethrown when all have left.
 */
export async function runHop(
  payload: HopPayload,
  { deadlineAt }: HopOptions,
  deps: HopDeps,
): Promise<ReadonlyMap<string, Fate>> {
  const enteredAt = deps.clock.now();
  const remainingMs = deadlineAt - enteredAt;
  const frame = { enteredAt, deadlineAt, times: timesFor(remainingMs) };
  const streams = payload.streams.map(({ streamId }) => streamId);
  deps.logger.log("info", "Hop starts", { event: HOP_EVENT.hopStart, streams, remainingMs });
  let streamsLeft = streams.length;
  const withinMs = frame.times.renewHandingOverMs;
  const invokeStream = gatherInvokes(deps.invoke, deps.clock, { withinMs, streamsLeft: () => streamsLeft });
  const run = (stream: HopStream) =>
    runStream(stream, frame, { ...deps, invokeStream }).finally(() => {
      streamsLeft--;
    });
  const settled = await Promise.allSettled(payload.streams.map(run));
  const durationMs = deps.clock.now() - enteredAt;
  deps.logger.log("info", "Hop ends", { event: HOP_EVENT.hopEnd, streams, durationMs });
  const bug = settled.find((one) => one.status === "rejected");
  if (bug) throw bug.reason;
  return new Map(settled.flatMap((one, i) => (one.status === "fulfilled" ? [[streams[i]!, one.value] as const] : [])));
}
