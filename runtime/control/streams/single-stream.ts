import type { ConnectionRow } from "../../contract";
import type { ControlDeps } from "../deps";
import { shouldRun } from "../table/connection-table";
import { listStreams } from "./read";

/**
 * A source without `{streamId}` sends the same events for every stream, so a deployment runs one stream of it. The API refuses
 * a second one. The watchdog fails one that was started in another way: by the deployment's list, at the same moment, or before an
 * existing secret was read.
 */
export const SINGLE_STREAM = "SINGLE_STREAM";

export function singleStreamMessage(running: string): string {
  return `Stream ${running} runs, and the source has no {streamId}, so another stream would receive the same events. Stop ${running} first, or add {streamId} to the source's path, query, headers, body or messages.`;
}

/** A running stream that `streamId` would have to share its events with. */
export async function streamInTheWay(
  { table, sharedRequest }: ControlDeps,
  streamId: string,
): Promise<string | undefined> {
  if (sharedRequest === false) return undefined;
  for (let after: string | undefined, more = true; more; more = after !== undefined) {
    const page = await listStreams(table, after === undefined ? {} : { after });
    const others = page.streams.filter((row) => row.streamId !== streamId && shouldRun(row));
    const found = others.find((row) => row.sharedRequest ?? sharedRequest ?? false);
    if (found) return found.streamId;
    // One stream shows it for all: they have one source.
    if (others.some((row) => row.sharedRequest === false)) return undefined;
    after = page.next;
  }
  return undefined;
}

/** Of the streams that should run, those that send the same request. */
export function withSharedRequest(
  running: readonly ConnectionRow[],
  sharedRequest: boolean | undefined,
): readonly ConnectionRow[] {
  const isShared = sharedRequest ?? running.some((row) => row.sharedRequest === true);
  return running.filter((row) => row.sharedRequest ?? isShared);
}
