import type { ConnectionRow } from "../../contract";
import { shouldRun } from "../table/connection-table";
import { CONNECTION_LIMIT, connectionLimitMessage } from "./connection-limit";
import { SINGLE_STREAM, singleStreamMessage, withSharedRequest } from "./single-stream";

/** Why a stream that should run must not. */
export interface Surplus {
  readonly code: typeof SINGLE_STREAM | typeof CONNECTION_LIMIT;
  readonly message: string;
}

export interface StreamLimits {
  /** Every stream sends the same request. Undefined: the rows show it. */
  readonly sharedRequest?: boolean;
  /** `source.maxConnections`. Undefined: no limit. */
  readonly maxConnections?: number;
}

/** The streams to fail. Those that were open first keep running. */
export function surplusStreams(
  rows: readonly ConnectionRow[],
  { sharedRequest, maxConnections = Number.POSITIVE_INFINITY }: StreamLimits,
): ReadonlyMap<string, Surplus> {
  const running = rows.filter(shouldRun).sort(byAge);
  const [first, ...others] = withSharedRequest(running, sharedRequest);
  const single = others.map(({ streamId }): [string, Surplus] => [
    streamId,
    { code: SINGLE_STREAM, message: singleStreamMessage(first!.streamId) },
  ]);
  const beyond = running
    .slice(maxConnections)
    .map(({ streamId }): [string, Surplus] => [
      streamId,
      { code: CONNECTION_LIMIT, message: connectionLimitMessage(maxConnections) },
    ]);
  return new Map([...beyond, ...single]);
}

/** The stream that was open first, first. */
function byAge(a: ConnectionRow, b: ConnectionRow): number {
  const opened = ({ openedAt = Number.MAX_SAFE_INTEGER }: ConnectionRow) => openedAt;
  return opened(a) - opened(b) || (a.streamId < b.streamId ? -1 : 1);
}
