import type { ControlDeps } from "../deps";
import { allRows } from "../table/all-rows";
import { streamsOf } from "../table/connection-slots";
import { shouldRun } from "../table/connection-table";

/** More streams should run than `source.maxConnections` allows. */
export const CONNECTION_LIMIT = "CONNECTION_LIMIT";

export function connectionLimitMessage(maxConnections: number): string {
  return `As many streams run as \`source.maxConnections\` allows (${maxConnections}). Stop one of them first, or raise the limit.`;
}

/** Whether the stream may run in addition to those that should. @throws StreamError STORE_UNAVAILABLE */
export async function hasRoomFor({ table, maxConnections }: ControlDeps, streamId: string): Promise<boolean> {
  if (maxConnections === undefined) return true;
  const others = streamsOf(await allRows(table)).filter((row) => row.streamId !== streamId);
  return others.filter(shouldRun).length < maxConnections;
}
