import type { LocalCloud } from "../../local/index";
import type { ConnectionView } from "../../runtime/control/api/view";
import { connectionClient } from "../connection-client";

/** One stream as `GET /connections` shows it: the fields that a local run reads. */
export type StreamView = Pick<
  ConnectionView,
  "streamId" | "desired" | "status" | "live" | "generation" | "attempt" | "counters" | "handover"
> & { readonly lastError?: Pick<NonNullable<ConnectionView["lastError"]>, "code" | "message"> };

/** The connection API of one instance, called as its operator. Rejects with what the API answered. */
export interface ConnectionApi {
  start(streamId: string): Promise<void>;
  stop(streamId: string): Promise<void>;
  list(): Promise<readonly StreamView[]>;
}

export function connectionApi(
  apiUrl: string,
  { region, operator }: Pick<LocalCloud, "region" | "operator">,
): ConnectionApi {
  const client = connectionClient({ apiUrl, region, credentials: operator });
  return {
    start: async (streamId) => void (await client.start(streamId, true)),
    stop: async (streamId) => void (await client.stop(streamId)),
    async list() {
      const streams: StreamView[] = [];
      for await (const stream of client.list()) streams.push(stream);
      return streams;
    },
  };
}
