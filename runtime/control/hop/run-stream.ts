import type { HopStream } from "../../contract";
import { commandRunner } from "./commands";
import type { HopInvocation, StreamDeps } from "./deps";
import { eventQueue } from "./event-queue";
import { HOP_EVENT } from "./log-events";
import { relayRunner } from "./relay-runner";
import { begin, type ExitReason, type HopContext, type HopEvent, wakeAt } from "./state";
import { storageWindow } from "./storage-window";
import { transition } from "./transition";

/**
 * Runs one stream for one hop. Passes one event at a time to the state machine, executes its commands, and starts and stops the
 * relay. Resolves when the relay has ended and the final writes are done.
 */
export async function runStream(stream: HopStream, frame: HopInvocation, deps: StreamDeps): Promise<ExitReason> {
  const { clock } = deps;
  const nonce = deps.newNonce();
  const { handover, release, storage = "each", slices = 1, maxConnections } = deps;
  const beganAt = clock.now();
  const beat = () => ({
    carriesBeat: deps.beat?.carries(stream.streamId) ?? true,
    hopUntil: deps.beat?.until() ?? Number.POSITIVE_INFINITY,
  });
  const context = (): HopContext => ({
    ...{ ...frame, ...beat(), beganAt, now: clock.now(), nonce, handover, release, storage, slices, maxConnections },
  });
  const events = eventQueue<HopEvent>(clock);
  deps.listen(events.put);
  const runner = relayRunner(stream.streamId, frame, deps, events.put);
  const execute = commandRunner(stream.streamId, context, deps, runner);

  let state = begin(stream);
  try {
    let event: HopEvent = { kind: "begin" };
    while (state.phase !== "left") {
      const next = transition(state, event, context());
      state = next.state;
      runner.setSingleAttempt(state.phase === "connecting");
      runner.setStorageWindow(storageWindow(state, context()));
      if ("lease" in state && state.lease.row.slices !== undefined) runner.setSlices(state.lease.row.slices);
      for (const effect of next.effects ?? []) {
        if (effect.do === "early-handover-of-all") deps.broadcast({ kind: "early-handover", at: effect.at });
        else runner.perform(effect);
      }
      if (state.phase === "left") break;
      const holds = state.phase === "holding" || state.phase === "handing-over";
      if (holds) deps.beat?.join(stream.streamId, events.put);
      else deps.beat?.leave(stream.streamId);
      const until = Math.min(wakeAt(state), holds ? context().hopUntil : Number.POSITIVE_INFINITY);
      event = next.command ? await execute(next.command) : ((await events.take(until)) ?? { kind: "tick" });
    }
    return state.reason;
  } finally {
    deps.beat?.leave(stream.streamId);
    await runner.end();
    deps.logger.log("info", "Left the stream", {
      event: HOP_EVENT.left,
      streamId: stream.streamId,
      reason: state.phase === "left" ? state.reason : undefined,
      counters: runner.snapshot().counters,
    });
  }
}
