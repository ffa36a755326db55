import type { RelaySettings } from "../contract";
import type { Decoder } from "./event-sink";
import { jsonDecoder } from "./json-decoder";
import { lineDecoder } from "./line-decoder";
import { streamFormat } from "./source/body";
import { sseDecoder } from "./sse-decoder";

/** Chooses the decoder for a response with these headers. `lastEventId`: see {@link sseDecoder}. @throws StreamError SOURCE_FORMAT */
export function streamDecoder(
  { source, events: { maxEventBytes } }: Pick<RelaySettings, "source" | "events">,
  headers: Parameters<typeof streamFormat>[1],
  lastEventId?: string,
): Decoder {
  const format = streamFormat(source.format, headers);
  if (format === "sse") return sseDecoder(maxEventBytes, lastEventId);
  return format === "lines" ? lineDecoder(maxEventBytes) : jsonDecoder(maxEventBytes, format);
}
