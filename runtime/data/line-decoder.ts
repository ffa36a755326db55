import { isAscii, isUtf8 } from "node:buffer";
import type { Decoder, EventSink } from "./event-sink";
import { isBlank } from "./is-blank";
import { headDigest, PartialLine } from "./partial-line";

const LF = 10;
const CR = 13;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

/**
 * One event per line, ended by LF or CRLF. A line of white space is a heartbeat. A byte order mark before the first line is skipped. A line that is not valid UTF-8 is passed as bytes.
 * The framing follows https://github.com/ndjson/ndjson-spec; docs/decisions/0010 decides what the specification leaves open.
 */
export function lineDecoder(maxEventBytes: number): Decoder {
  // More than an event: neither the CR of CRLF nor a byte order mark counts.
  const partial = new PartialLine(maxEventBytes + 1 + BOM.length);
  let isFirst = true;
  /** The unfinished line is over the limit, and reported. */
  let isRefused = false;

  /** `length` is larger than `end - start` only for a line over the limit, of which only the head is kept. */
  function line(bytes: Buffer, start: number, end: number, length: number, valid: boolean, sink: EventSink): void {
    const bom = bomBytes(bytes, start, end);
    start += bom;
    length -= bom;
    isFirst = false;
    if (length === end - start && end > start && bytes[end - 1] === CR) {
      end--;
      length--;
    }
    if (length > maxEventBytes) refuse(bytes, start, end, sink);
    else if (isBlank(bytes, start, end)) return;
    else if (valid || isUtf8(bytes.subarray(start, end)))
      sink.event(bytes.toString("utf8", start, end), length, "message", "", false);
    else sink.event(bytes.subarray(start, end), length, "message", "", false);
  }

  /**
   * Reads the complete lines of an ASCII chunk: one conversion to text, then slices of it, since each character is one byte.
   * Returns the start of the unfinished line.
   */
  function asciiLines(chunk: Buffer, from: number, sink: EventSink): number {
    const text = chunk.toString("latin1");
    isFirst = false;
    let start = from;
    for (let end = text.indexOf("\n", start); end !== -1; end = text.indexOf("\n", start)) {
      const length = end - start - (end > start && text.charCodeAt(end - 1) === CR ? 1 : 0);
      if (length > maxEventBytes) line(chunk, start, end, end - start, true, sink);
      else if (!isBlank(chunk, start, start + length))
        sink.event(text.slice(start, start + length), length, "message", "", false);
      start = end + 1;
    }
    return start;
  }

  function bomBytes(bytes: Buffer, start: number, end: number): number {
    return isFirst && bytes.subarray(start, Math.min(end, start + BOM.length)).equals(BOM) ? BOM.length : 0;
  }

  function refuse(bytes: Buffer, start: number, end: number, sink: EventSink): void {
    sink.refused(headDigest(bytes.subarray(start, end), maxEventBytes), "message", "");
  }

  /** Reports an unfinished line once it is over the limit: its end may never come. */
  function checkPartial(sink: EventSink): void {
    const { buffer, held } = partial;
    const start = bomBytes(buffer, 0, held);
    const length = partial.length - start;
    if (length <= maxEventBytes || (length === maxEventBytes + 1 && buffer[held - 1] === CR)) return;
    isRefused = true;
    refuse(buffer, start, held, sink);
  }

  function finishPartial(sink: EventSink): void {
    if (isRefused) isFirst = false;
    else line(partial.buffer, 0, partial.held, partial.length, false, sink);
    isRefused = false;
    partial.reset();
  }

  return {
    feed(chunk, sink) {
      let start = 0;
      let end = chunk.indexOf(LF);
      if (end !== -1 && partial.length > 0) {
        partial.append(chunk, 0, end);
        finishPartial(sink);
        start = end + 1;
        end = chunk.indexOf(LF, start);
      }
      if (end !== -1 && isAscii(chunk)) start = asciiLines(chunk, start, sink);
      else if (end !== -1) {
        // One check of the chunk replaces one per line. A character split at the chunk's end only means a check per line.
        const valid = isUtf8(chunk);
        for (; end !== -1; end = chunk.indexOf(LF, start)) {
          line(chunk, start, end, end - start, valid, sink);
          start = end + 1;
        }
      }
      if (start === chunk.length) return;
      partial.append(chunk, start, chunk.length);
      if (!isRefused) checkPartial(sink);
    },
    end(clean, sink) {
      if (clean) finishPartial(sink);
      partial.reset();
    },
    unread() {
      const { head } = partial;
      return isBlank(head, 0, head.length) ? undefined : head;
    },
    held: () => partial.size,
  };
}
