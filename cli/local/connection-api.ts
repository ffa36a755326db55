import { setTimeout as sleep } from "node:timers/promises";
import type { ConnectionView } from "pulumi-stream-ingestion/internal";
import type { LocalCloud } from "stream-ingestion-local";
import { connectionClient } from "../connection-client";

/** One stream of `GET /connections`, with the fields that a local run uses. */
export type StreamView = Pick<
  ConnectionView,
  | "streamId"
  | "desired"
  | "status"
  | "live"
  | "generation"
  | "attempt"
  | "checkpoint"
  | "counters"
  | "handover"
  | "declared"
  | "connectedSince"
  | "lastByteAt"
  | "retryAt"
  | "lastError"
> & {
  /** Name of its `StreamIngestion`. */
  readonly instance?: string;
};

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
    start: async (streamId) => void (await repeated(() => client.start(streamId, true))),
    stop: async (streamId) => void (await repeated(() => client.stop(streamId))),
    list: () =>
      repeated(async () => {
        const streams: StreamView[] = [];
        for await (const stream of client.list()) streams.push(stream);
        return streams;
      }),
  };
}

/** Repeats a call that a busy machine could not answer in time. Every call is safe to repeat. */
async function repeated<T>(call: () => Promise<T>, attempts = 4): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (attempts === 1 || (error as { code?: unknown }).code !== "UNAVAILABLE") throw error;
    await sleep(500);
    return repeated(call, attempts - 1);
  }
}
