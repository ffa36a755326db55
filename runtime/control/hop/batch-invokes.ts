import { CONTRACT_VERSION, type HopStream } from "../../contract";
import type { Clock } from "../../support/clock";
import type { Invoke } from "../deps";

/** Asks for a successor of one stream; resolves when the hop that carries it was accepted. */
export type InvokeStream = (stream: HopStream) => Promise<void>;

/**
 * The streams of one hop hand over at the same time: their successor is one hop again, not one for each. Requests that come
 * within `withinMs` of the first share an invocation; when all streams that are left have asked, nobody waits.
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
