import type { IncomingMessage } from "node:http";
import { startFeeds } from "../../fakes/feeds";
import { startUpstream, status } from "../../fakes/upstream";

export const KEY = "a-key-of-the-upstream";
/** How many events after the observer connects one is withheld: by then it has received some that are stored. */
const WITHHELD_AFTER = 20;

/** Feeds with heartbeats that can withhold one event from the relay. */
export interface LossyUpstream {
  readonly url: string;
  /** While true, one event after each observer's connect is sent to the observer only. */
  withholding: boolean;
  /** The number of the last event that was withheld. */
  readonly withheld: number | undefined;
  close(): Promise<void>;
}

/** A connection is the observer's when its query has the parameter `observer`, which the relay does not see. */
const isObserver = ({ url = "/" }: IncomingMessage) => new URL(url, "http://upstream").searchParams.has("observer");

export async function startLossyUpstream(): Promise<LossyUpstream> {
  const state = { withholding: false, withheld: undefined as number | undefined };
  const feeds = startFeeds({
    eventsPerSecond: 50,
    begin: "next",
    data: (_streamId, seq) => JSON.stringify({ seq }),
    text: (request, seq, text) => {
      // Heartbeats differ between connections, so that a check that counts them as events fails.
      const heartbeat = { type: "HEARTBEAT", to: isObserver(request), at: seq };
      const sent = isObserver(request) || seq !== state.withheld ? text : "";
      return seq % 5 === 0 ? `data: ${JSON.stringify(heartbeat)}\n\n${sent}` : sent;
    },
  });
  const upstream = await startUpstream((response, request, visit) => {
    if (request.headers.authorization !== `Bearer ${KEY}`) return status(401)(response, request, visit);
    const streamId = new URL(request.url!, "http://upstream").pathname.split("/").at(-1)!;
    if (isObserver(request) && state.withholding)
      state.withheld = feeds.feed(streamId).sent.length + 1 + WITHHELD_AFTER;
    feeds.answer(response, request, visit);
  });
  return Object.assign(state, {
    url: upstream.url,
    close: async () => {
      feeds.close();
      await upstream.close();
    },
  });
}
