import { type ConnectionRow, STATUS } from "../../contract";
import type { ControlDeps } from "../deps";
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

/** Whether a hop runs it, or the watchdog would start one. */
function shouldRun({ desired, status }: ConnectionRow): boolean {
  return desired === "open" && status !== STATUS.completed && status !== STATUS.failed;
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

/** The streams to fail, each with the stream that keeps running: the one that was open first. */
export function surplusStreams(
  rows: readonly ConnectionRow[],
  sharedRequest: boolean | undefined,
): ReadonlyMap<string, string> {
  const running = rows.filter(shouldRun);
  const isShared = sharedRequest ?? running.some((row) => row.sharedRequest === true);
  const [first, ...others] = running.filter((row) => row.sharedRequest ?? isShared).sort(byAge);
  return new Map(others.map(({ streamId }) => [streamId, first!.streamId]));
}

function byAge(a: ConnectionRow, b: ConnectionRow): number {
  const opened = ({ openedAt = Number.MAX_SAFE_INTEGER }: ConnectionRow) => openedAt;
  return opened(a) - opened(b) || (a.streamId < b.streamId ? -1 : 1);
}
