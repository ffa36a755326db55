import { isUtf8 } from "node:buffer";
import type { Decoder } from "./event-sink";
import { headDigest } from "./partial-line";

/** One event per message: each chunk is a whole one. An empty chunk is a heartbeat. */
export function messageDecoder(maxEventBytes: number): Decoder {
  return {
    feed(message, sink) {
      const { length } = message;
      if (length === 0) return;
      if (length > maxEventBytes) sink.refused(length, headDigest(message), "message", "");
      else sink.event(isUtf8(message) ? message.toString() : message, length, "message", "", false);
    },
    end() {},
  };
}
