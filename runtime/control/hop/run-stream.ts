import type { HopStream } from "../../contract";
import { commandRunner } from "./commands";
import type { HopInvocation, StreamDeps } from "./deps";
import { eventQueue } from "./event-queue";
import { HOP_EVENT } from "./log-events";
import { relayRunner } from "./relay-runner";
import { begin, type ExitReason, type HopContext, type HopEvent, wakeAt } from "./state";
import { transition } from "./transition";

/**
 * Runs one stream for one hop. Passes one event at a time to the state machine, executes its commands, and starts and stops the
 * relay. Resolves when the relay has ended and the final writes are done.
 */
export async function runStream(stream: HopStream, frame: HopInvocation, deps: StreamDeps): Promise<ExitReason> {
  const { clock } = deps;
  const nonce = deps.newNonce();
  const { handover, release } = deps;
  const context = (): HopContext => ({ ...frame, now: clock.now(), nonce, handover, release });
  const events = eventQueue<HopEvent>(clock);
  const runner = relayRunner(stream.streamId, frame, deps, events.put);
  const execute = commandRunner(stream.streamId, context, deps, runner);

  let state = begin(stream);
  try {
    let event: HopEvent = { kind: "begin" };
    while (state.phase !== "left") {
      const next = transition(state, event, context());
      state = next.state;
      runner.setSingleAttempt(state.phase === "connecting");
      for (const effect of next.effects ?? []) runner.perform(effect);
      if (state.phase === "left") break;
      event = next.command ? await execute(next.command) : ((await events.take(wakeAt(state))) ?? { kind: "tick" });
    }
    return state.reason;
  } finally {
    await runner.end();
    deps.logger.log("info", "Left the stream", {
      event: HOP_EVENT.left,
      streamId: stream.streamId,
      reason: state.phase === "left" ? state.reason : undefined,
      counters: runner.snapshot().counters,
    });
  }
}
