import { isUtf8 } from "node:buffer";
import type { Decoder } from "./event-sink";
import { isBlank } from "./is-blank";
import { headDigest } from "./partial-line";

/** One event per message: each chunk is a whole one. An empty message, or one of white space, is a heartbeat. */
export function messageDecoder(maxEventBytes: number): Decoder {
  return {
    feed(message, sink) {
      const { length } = message;
      if (length > maxEventBytes) return sink.refused(headDigest(message, maxEventBytes), "message", "");
      if (isBlank(message, 0, length)) return;
      sink.event(isUtf8(message) ? message.toString() : message, length, "message", "", false);
    },
    end() {},
    unread: () => undefined,
    held: () => 0,
  };
}
