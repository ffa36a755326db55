import type { HopStream } from "../contract";
import type { HopFrame, StreamDeps } from "./hop-deps";
import { HOP_EVENT } from "./hop-log";
import { inbox } from "./inbox";
import { nextState } from "./next-state";
import { questioner } from "./questioner";
import { relayRunner } from "./relay-runner";
import { begin, type Fate, type Here, type Input, wakeAt } from "./stream-state";

/**
 * Runs one stream for one hop: the driver of the state machine. It feeds it inputs one at a time, asks the table what it wants
 * asked, and starts and stops the relay. It resolves when the relay is gone and everything is written.
 */
export async function runStream(stream: HopStream, frame: HopFrame, deps: StreamDeps): Promise<Fate> {
  const { clock } = deps;
  const nonce = deps.newNonce();
  const { handover, release } = deps;
  const here = (): Here => ({ ...frame, now: clock.now(), nonce, handover, release });
  const inputs = inbox<Input>(clock);
  const runner = relayRunner(stream.streamId, frame, deps, inputs.put);
  const ask = questioner(stream.streamId, here, deps, runner);

  let state = begin(stream);
  try {
    let input: Input = { kind: "begin" };
    while (state.phase !== "left") {
      const step = nextState(state, input, here());
      state = step.state;
      runner.setSingleTry(state.phase === "trying");
      for (const effect of step.effects ?? []) runner.perform(effect);
      if (state.phase === "left") break;
      input = step.ask ? await ask(step.ask) : ((await inputs.take(wakeAt(state))) ?? { kind: "tick" });
    }
    return state.fate;
  } finally {
    await runner.end();
    deps.logger.log("info", "Left the stream", {
      event: HOP_EVENT.left,
      streamId: stream.streamId,
      fate: state.phase === "left" ? state.fate : undefined,
      counters: runner.snapshot().counters,
    });
  }
}
