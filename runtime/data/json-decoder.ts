import { isAscii, isUtf8 } from "node:buffer";
import { StreamError } from "../support/errors";
import type { Decoder, EventSink } from "./event-sink";
import { EXCERPT_BYTES, headDigest, PartialLine } from "./partial-line";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const RECORD_SEPARATOR = 0x1e;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);

const SEPARATOR = table(0x20, 0x09, 0x0a, 0x0d, 0x2c);
/** The bytes that mean something outside strings, inside strings, and at the end of a number or a word. */
const STRUCTURE = table(QUOTE, OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT, RECORD_SEPARATOR);
const STRING_STOPS = [QUOTE, BACKSLASH, RECORD_SEPARATOR];
const STRING_END = table(...STRING_STOPS);
/** Short strings are read byte by byte. From this length on, Node's search is faster. */
const NATIVE_AFTER = 64;
const SCALAR_END = SEPARATOR.map((separates, byte) => separates | STRUCTURE[byte]!);

const SCALAR = /^(-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|true|false|null)$/;
/** Brackets are matched to this depth. Deeper ones are only counted, so nesting costs no memory. */
const MATCHED_DEPTH = 1_024;

type State = "between" | "nested" | "string" | "scalar" | "resync";

/**
 * One event per JSON value (RFC 8259), however the values are separated: not at all, by white space, by commas in one array, or
 * by record separators (RFC 7464). It looks at brackets and strings only; the processor interprets what is inside a value.
 * Bytes that cannot belong to a JSON value throw `SOURCE_FORMAT`. In a sequence they are reported, and reading continues at the
 * next record separator. See docs/decisions/0015.
 */
export function jsonDecoder(maxEventBytes: number, format: "json" | "json-seq" = "json"): Decoder {
  /** The part of the current value that arrived in earlier chunks. */
  const partial = new PartialLine(maxEventBytes);
  const brackets = new Uint8Array(MATCHED_DEPTH);
  let state: State = "between";
  /** Where the current value begins in the current chunk. */
  let start = 0;
  let depth = 0;
  let escaped = false;
  /** The current value is over the limit, and reported. */
  let refused = false;
  let inArray = false;
  /** A record separator was read: the body is a sequence. */
  let sequence = false;
  let bomBytes = 0;
  /** The current chunk as text, where a character is a byte. Made at its first value, undefined unless it is ASCII. */
  let text: string | undefined;
  let textIsMade = false;
  /** Where each of {@link STRING_STOPS} was found in the current chunk. */
  const found = [-1, -1, -1];

  function between(chunk: Buffer, from: number, sink: EventSink): number {
    let at = from;
    while (at < chunk.length && SEPARATOR[chunk[at]!] === 1) at++;
    if (at === chunk.length) return at;
    const byte = chunk[at]!;
    if (bomBytes < BOM.length) {
      if (byte === BOM[bomBytes]) {
        bomBytes++;
        return at + 1;
      }
      if (bomBytes > 0) throw notJson(BOM.subarray(0, bomBytes));
      bomBytes = BOM.length;
    }
    start = at;
    depth = 0;
    refused = false;
    if (byte === RECORD_SEPARATOR) sequence = true;
    else if (format === "json-seq" && !sequence) throw notJson(chunk.subarray(at, at + 1));
    else if (byte === OPEN_ARRAY && !sequence && !inArray) inArray = true;
    else if (byte === CLOSE_ARRAY && inArray) inArray = false;
    else if (byte === QUOTE) state = "string";
    else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
      brackets[0] = byte;
      depth = 1;
      state = "nested";
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_ARRAY) malformed(chunk, at + 1, sink);
    else state = "scalar";
    return at + 1;
  }

  function nested(chunk: Buffer, from: number, sink: EventSink): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at++]!;
      if (STRUCTURE[byte] === 0) continue;
      if (byte === QUOTE) {
        state = "string";
        at = string(chunk, at, sink);
        if ((state as State) !== "nested") return at;
      } else if (byte === OPEN_OBJECT || byte === OPEN_ARRAY) {
        if (depth < MATCHED_DEPTH) brackets[depth] = byte;
        depth++;
      } else if (byte === RECORD_SEPARATOR) {
        return truncated(chunk, at - 1, sink);
      } else {
        depth--;
        // In ASCII a closing bracket or brace is two after its opening one.
        if (depth < MATCHED_DEPTH && brackets[depth] !== byte - 2) malformed(chunk, at, sink);
        else if (depth === 0) complete(chunk, at, sink);
        if (state !== "nested") return at;
      }
    }
    return at;
  }

  function string(chunk: Buffer, from: number, sink: EventSink): number {
    let at = from;
    if (escaped && at < chunk.length) {
      escaped = false;
      at++;
    }
    let native = at + NATIVE_AFTER;
    while (at < chunk.length) {
      if (at === native) {
        at = stringStop(chunk, at);
        if (at === chunk.length) return at;
      }
      const byte = chunk[at++]!;
      if (STRING_END[byte] === 0) continue;
      if (byte === BACKSLASH) {
        if (at === chunk.length) escaped = true;
        at++;
        native = at + NATIVE_AFTER;
      } else if (byte === RECORD_SEPARATOR) {
        return truncated(chunk, at - 1, sink);
      } else {
        if (depth === 0) complete(chunk, at, sink);
        else state = "nested";
        return at;
      }
    }
    return chunk.length;
  }

  /** The next byte that means something in a string. Each search is kept until it is passed, so a chunk is searched once. */
  function stringStop(chunk: Buffer, at: number): number {
    for (let i = 0; i < STRING_STOPS.length; i++) {
      if (found[i]! >= at) continue;
      const next = chunk.indexOf(STRING_STOPS[i]!, at);
      found[i] = next === -1 ? chunk.length : next;
    }
    return Math.min(found[0]!, found[1]!, found[2]!);
  }

  function scalar(chunk: Buffer, from: number, sink: EventSink): number {
    let at = from;
    while (at < chunk.length && SCALAR_END[chunk[at]!] === 0) at++;
    if (at === chunk.length) return at;
    // `1`, the first half of `12`, is valid JSON: in a sequence, white space shows that a number is complete.
    if (sequence && chunk[at] === RECORD_SEPARATOR) return truncated(chunk, at, sink);
    completeScalar(chunk, at, sink);
    return at;
  }

  function completeScalar(chunk: Buffer, end: number, sink: EventSink): void {
    keep(chunk, end, sink);
    if (!refused && !SCALAR.test(partial.buffer.toString("latin1", 0, partial.held))) malformed(chunk, end, sink);
    else complete(chunk, end, sink);
  }

  function complete(chunk: Buffer, end: number, sink: EventSink): void {
    if (partial.length > 0 || end - start > maxEventBytes) keep(chunk, end, sink);
    if (!refused) {
      if (partial.length > 0)
        sink.event(textOrBytes(partial.buffer, 0, partial.held), partial.held, "message", "", false);
      else sink.event(slice(chunk, start, end), end - start, "message", "", false);
    }
    leave("between");
  }

  function slice(chunk: Buffer, from: number, to: number): string | Buffer {
    if (!textIsMade) {
      text = isAscii(chunk) ? chunk.toString("latin1") : undefined;
      textIsMade = true;
    }
    return text === undefined ? textOrBytes(chunk, from, to) : text.slice(from, to);
  }

  /** A record separator inside a value: the sender did not finish it. */
  function truncated(chunk: Buffer, end: number, sink: EventSink): number {
    sequence = true;
    malformed(chunk, end, sink);
    return end;
  }

  function malformed(chunk: Buffer, end: number, sink: EventSink): void {
    keep(chunk, end, sink);
    const head = partial.buffer.subarray(0, partial.held);
    // How much is held past the limit depends on the chunks.
    if (!sequence) throw notJson(head.subarray(0, maxEventBytes + 1));
    if (!refused) sink.malformed(partial.length, headDigest(head, maxEventBytes));
    leave("resync");
  }

  /** Moves the current value's bytes out of the chunk. A value over the limit is reported at once and discarded. */
  function keep(chunk: Buffer, end: number, sink: EventSink): void {
    if (!refused) {
      partial.append(chunk, start, end);
      if (partial.length > maxEventBytes) {
        refused = true;
        sink.refused(headDigest(partial.buffer.subarray(0, partial.held), maxEventBytes), "message", "");
      }
    }
    start = end;
  }

  function leave(next: State): void {
    state = next;
    escaped = false;
    partial.reset();
  }

  return {
    feed(chunk, sink) {
      let at = 0;
      start = 0;
      textIsMade = false;
      found.fill(-1);
      while (at < chunk.length) {
        if (state === "nested") at = nested(chunk, at, sink);
        else if (state === "between") at = between(chunk, at, sink);
        else if (state === "string") at = string(chunk, at, sink);
        else if (state === "scalar") at = scalar(chunk, at, sink);
        else {
          const next = chunk.indexOf(RECORD_SEPARATOR, at);
          at = next === -1 ? chunk.length : next;
          if (next !== -1) state = "between";
        }
      }
      if (state !== "between" && state !== "resync") keep(chunk, chunk.length, sink);
    },
    end(clean, sink) {
      start = 0;
      if (clean && state === "scalar" && !sequence) completeScalar(EMPTY, 0, sink);
      leave("between");
    },
    unread: () => (state === "between" ? undefined : partial.head),
    held: () => partial.size,
  };
}

const EMPTY = Buffer.alloc(0);

function textOrBytes(bytes: Buffer, start: number, end: number): string | Buffer {
  const part = bytes.subarray(start, end);
  return isUtf8(part) ? part.toString() : part;
}

function notJson(bytes: Buffer): StreamError {
  const excerpt = JSON.stringify(bytes.toString("utf8", 0, EXCERPT_BYTES));
  return new StreamError(
    "SOURCE_FORMAT",
    `Expected the source to send JSON values, got ${excerpt}. Set \`source.format\` to what it sends: sse, lines, json or json-seq.`,
  );
}

function table(...bytes: number[]): Uint8Array {
  const entries = new Uint8Array(256);
  for (const byte of bytes) entries[byte] = 1;
  return entries;
}
