import type { IncomingMessage } from "node:http";
import { startFeeds } from "../../fakes/feeds";
import { startUpstream, status } from "../../fakes/upstream";

export const KEY = "a-key-of-the-upstream";
/** Events after the opening of a witness's connection: by then it has seen some that are stored. */
const WITHHELD_AFTER = 20;

/** Feeds with heartbeats, which may be made to lose one event on the way to the relay. */
export interface ForgetfulUpstream {
  readonly url: string;
  /** While it is set, one event after each opening of a witness's connection reaches that connection alone. */
  forgets: boolean;
  /** The number of the last event that was withheld. */
  readonly withheld: number | undefined;
  close(): Promise<void>;
}

/** A connection is a witness's when its query says so: the relay cannot tell it from any other. */
const isWitness = ({ url = "/" }: IncomingMessage) => new URL(url, "http://upstream").searchParams.has("witness");

export async function startForgetfulUpstream(): Promise<ForgetfulUpstream> {
  const state = { forgets: false, withheld: undefined as number | undefined };
  const feeds = startFeeds({
    eventsPerSecond: 50,
    begin: "next",
    data: (_streamId, seq) => JSON.stringify({ seq }),
    text: (request, seq, text) => {
      // Heartbeats differ between connections, and are none of anybody's events.
      const heartbeat = { type: "HEARTBEAT", to: isWitness(request), at: seq };
      const sent = isWitness(request) || seq !== state.withheld ? text : "";
      return seq % 5 === 0 ? `data: ${JSON.stringify(heartbeat)}\n\n${sent}` : sent;
    },
  });
  const upstream = await startUpstream((response, request, visit) => {
    if (request.headers.authorization !== `Bearer ${KEY}`) return status(401)(response, request, visit);
    const streamId = new URL(request.url!, "http://upstream").pathname.split("/").at(-1)!;
    if (isWitness(request) && state.forgets) state.withheld = feeds.feed(streamId).sent.length + 1 + WITHHELD_AFTER;
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
