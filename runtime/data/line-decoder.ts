import { isAscii, isUtf8 } from "node:buffer";
import type { Decoder, EventSink } from "./event-sink";
import { headDigest, PartialLine } from "./partial-line";

const LF = 10;
const CR = 13;

/**
 * One event a line, ended by LF or CRLF. Blank lines are heartbeats. A line that is no valid UTF-8 is given as bytes.
 * Framing after https://github.com/ndjson/ndjson-spec; what it leaves open is decided in docs/decisions/0010.
 */
export function lineDecoder(maxEventBytes: number): Decoder {
  // One byte more than an event: the CR of a CRLF does not count.
  const tail = new PartialLine(maxEventBytes + 1);

  /** `length` exceeds the bytes at hand only where the tail let go of a line over the limit. */
  function line(bytes: Buffer, start: number, end: number, length: number, valid: boolean, sink: EventSink): void {
    if (length === end - start && end > start && bytes[end - 1] === CR) {
      end--;
      length--;
    }
    if (length === 0) return;
    if (length > maxEventBytes) sink.refused(length, headDigest(bytes.subarray(start, end)), "message", "");
    else if (valid || isUtf8(bytes.subarray(start, end)))
      sink.event(bytes.toString("utf8", start, end), length, "message", "", false);
    else sink.event(bytes.subarray(start, end), length, "message", "", false);
  }

  /**
   * The whole lines of a chunk of ASCII: one conversion, then slices of it, where a character is a byte.
   * Returns where the unfinished line begins.
   */
  function asciiLines(chunk: Buffer, from: number, sink: EventSink): number {
    const text = chunk.toString("latin1");
    let start = from;
    for (let end = text.indexOf("\n", start); end !== -1; end = text.indexOf("\n", start)) {
      const length = end - start - (end > start && text.charCodeAt(end - 1) === CR ? 1 : 0);
      if (length > maxEventBytes) line(chunk, start, end, end - start, true, sink);
      else if (length > 0) sink.event(text.slice(start, start + length), length, "message", "", false);
      start = end + 1;
    }
    return start;
  }

  function finishTail(sink: EventSink): void {
    line(tail.buffer, 0, tail.held, tail.length, false, sink);
    tail.reset();
  }

  return {
    feed(chunk, sink) {
      let start = 0;
      let end = chunk.indexOf(LF);
      if (end !== -1 && tail.length > 0) {
        tail.append(chunk, 0, end);
        finishTail(sink);
        start = end + 1;
        end = chunk.indexOf(LF, start);
      }
      if (end !== -1 && isAscii(chunk)) start = asciiLines(chunk, start, sink);
      else if (end !== -1) {
        // One check of the chunk spares one a line; a character cut by the chunk's edge only costs the checks.
        const valid = isUtf8(chunk);
        for (; end !== -1; end = chunk.indexOf(LF, start)) {
          line(chunk, start, end, end - start, valid, sink);
          start = end + 1;
        }
      }
      if (start < chunk.length) tail.append(chunk, start, chunk.length);
    },
    end(clean, sink) {
      if (clean) finishTail(sink);
      tail.reset();
    },
  };
}
