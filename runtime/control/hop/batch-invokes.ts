import { CONTRACT_VERSION, type HopStream } from "../../contract";
import type { Clock } from "../../support/clock";
import type { Invoke } from "../deps";

/** Requests a hop for one stream. Resolves when Lambda accepts the invocation that includes it. */
export type InvokeStream = (stream: HopStream) => Promise<void>;

/**
 * Combines requests into one invocation. The streams of a hop hand over at the same time, and their successor is one hop again.
 * A batch takes the requests within `withinMs` of the first, and is sent early when all remaining streams are in it.
 */
export function batchInvokes(
  invoke: Invoke,
  clock: Clock,
  { withinMs, streamsLeft }: { readonly withinMs: number; readonly streamsLeft: () => number },
): InvokeStream {
  let open:
    | { readonly streams: HopStream[]; readonly complete: AbortController; readonly sent: Promise<void> }
    | undefined;

  const openBatch = () => {
    const streams: HopStream[] = [];
    const complete = new AbortController();
    const sent = clock.sleep(withinMs, complete.signal).then(() => {
      open = undefined;
      return invoke({ v: CONTRACT_VERSION, streams });
    });
    return { streams, complete, sent };
  };

  return (stream) => {
    open ??= openBatch();
    const { streams, complete, sent } = open;
    streams.push(stream);
    if (streams.length >= streamsLeft()) complete.abort();
    return sent;
  };
}
