import type { StoredEvent } from "pulumi-stream-ingestion/internal";
import { printable, type Terminal } from "./terminal";

/** Longer data is cut. */
const SHOWN_CHARACTERS = 500;

/** One event as a line of text. */
export function eventLine(event: StoredEvent, { dim, cyan }: Pick<Terminal["colours"], "dim" | "cyan">): string {
  const { streamId, type, data = `(in the bucket: ${event.pointer})` } = event;
  const text = Buffer.isBuffer(data) ? `(binary data, ${data.length} B)` : data;
  const shown = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
  return `${dim(new Date(event.receivedAt).toISOString())} ${cyan(streamId)} ${printable(type)} ${printable(shown)}`;
}
