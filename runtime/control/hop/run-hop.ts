import type { HopPayload, HopStream } from "../../contract";
import { batchInvokes } from "./batch-invokes";
import type { HopDeps } from "./deps";
import { beginsAfter, frameOf } from "./frame";
import { hopBeat } from "./hop-beat";
import { HOP_EVENT } from "./log-events";
import { runStream } from "./run-stream";
import type { ExitReason, HopEvent } from "./state";

export interface HopOptions {
  /** Epoch ms at which Lambda ends the invocation. */
  readonly deadlineAt: number;
}

/**
 * Runs one hop: every stream of the payload, each with its own lease and connection. An unexpected error of one stream does not
 * affect the others.
 * @returns why each stream left. An unexpected error is rethrown when all streams have left.
 */
export async function runHop(
  payload: HopPayload,
  { deadlineAt }: HopOptions,
  deps: HopDeps,
): Promise<ReadonlyMap<string, ExitReason>> {
  const enteredAt = deps.clock.now();
  const remainingMs = deadlineAt - enteredAt;
  const { chain = 0 } = payload;
  const endsChain = deps.longestChain !== undefined && chain + 1 >= deps.longestChain;
  const hop = { enteredAt, deadlineAt, id: deps.newNonce() };
  const frame = frameOf(payload.streams, hop, { endsChain, sharing: deps.sharing ?? false });
  const streams = payload.streams.map(({ streamId }) => streamId);
  const handoverInMs = Math.max(0, frame.handoverAt - enteredAt);
  deps.logger.log("info", "Hop started", { event: HOP_EVENT.hopStart, streams, remainingMs, handoverInMs });
  let streamsLeft = streams.length;
  const withinMs = frame.timing.renewHandingOverMs;
  const invokeNext = (next: HopPayload) => deps.invoke({ ...next, chain: chain + 1 });
  const invokeStream = batchInvokes(invokeNext, deps.clock, { withinMs, streamsLeft: () => streamsLeft });
  const listeners: ((event: HopEvent) => void)[] = [];
  const streamDeps = {
    ...deps,
    invokeStream,
    beat: frame.sharing ? hopBeat() : undefined,
    broadcast: (event: HopEvent) => {
      for (const put of listeners) put(event);
    },
    listen: (put: (event: HopEvent) => void) => void listeners.push(put),
  };
  const run = async (stream: HopStream, position: number) => {
    try {
      // The connections of many streams open one after another.
      const delayMs = beginsAfter(position, streams.length, frame);
      if (delayMs > 0) await deps.clock.sleep(delayMs);
      return await runStream(stream, frame, streamDeps);
    } finally {
      streamsLeft--;
    }
  };
  const settled = await Promise.allSettled(payload.streams.map(run));
  const durationMs = deps.clock.now() - enteredAt;
  deps.logger.log("info", "Hop ended", { event: HOP_EVENT.hopEnd, streams, durationMs });
  const bug = settled.find((one) => one.status === "rejected");
  if (bug) throw bug.reason;
  return new Map(settled.flatMap((one, i) => (one.status === "fulfilled" ? [[streams[i]!, one.value] as const] : [])));
}
