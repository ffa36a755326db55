import type { ConnectionView } from "pulumi-stream-ingestion/internal";
import type { LocalCloud } from "stream-ingestion-local";
import { connectionClient } from "../connection-client";

/** One stream of `GET /connections`, with the fields that a local run uses. */
export type StreamView = Pick<
  ConnectionView,
  "streamId" | "desired" | "status" | "live" | "generation" | "attempt" | "checkpoint" | "counters" | "handover"
> & { readonly lastError?: Pick<NonNullable<ConnectionView["lastError"]>, "code" | "message"> };

/** The connection API of one instance, called with the operator's credentials. Rejects with the API's error. */
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
