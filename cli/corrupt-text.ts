import type { CorruptItem } from "pulumi-stream-ingestion/internal";
import { printable } from "./terminal";

/** What a command prints about an item that cannot be read. */
export function corruptText({ streamId, key, receivedAt, error }: CorruptItem): string {
  const item = `${printable(streamId)} ${printable(key)}, received at ${new Date(receivedAt).toISOString()}`;
  return `${item}, cannot be read, and none of its events: ${printable((error as Error).message)}`;
}
