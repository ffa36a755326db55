import type { CorruptItem } from "pulumi-stream-ingestion/internal";
import { printable } from "./terminal";

/** What a command prints about an item that cannot be read. */
export function corruptText({ streamId, key, receivedAt, error }: CorruptItem): string {
  const time = new Date(receivedAt);
  // A damaged item may have no time, or one out of the range of dates.
  const received = Number.isNaN(time.getTime()) ? "" : `, received at ${time.toISOString()}`;
  return `${printable(streamId)} ${printable(key)}${received}, cannot be read, and none of its events: ${printable((error as Error).message)}`;
}
