import { isAscii } from "node:buffer";
import type { Decoder, EventSink } from "./event-sink";
import { EXCERPT_BYTES, headDigest, PartialLine } from "./partial-line";

const LF = 10;
const CR = 13;
const COLON = 58;
const SPACE = 32;
const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const EMPTY = Buffer.alloc(0);
/** Room for the longest prefix before a field's value: `event: `. */
const PREFIX_BYTES = 8;
/** A longer id is ignored: each item holds its event's id, and few servers accept a longer header. */
const MAX_ID_BYTES = 2_048;

/**
 * Decodes server-sent events as https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
 * defines, on bytes. One decoder serves one connection; `lastEventId` is the last id of the previous connection.
 */
export function sseDecoder(maxEventBytes: number, lastEventId = ""): Decoder {
  const partial = new PartialLine(maxEventBytes + PREFIX_BYTES);
  const maxIdBytes = Math.min(MAX_ID_BYTES, maxEventBytes);
  let bomBytes = 0;
  let skipLf = false;
  let committedId = lastEventId;
  const block = emptyBlock(lastEventId);
  /** How the first line that is not a field began, since the last event or comment. */
  let ignored: Buffer | undefined;

  /** `length` is larger than `end - start` only for a line over the limit, of which only the head is kept. */
  function line(bytes: Buffer, start: number, end: number, length: number, sink: EventSink): void {
    if (length === 0) {
      dispatch(sink);
      return;
    }
    const lost = length - (end - start);
    if (isData(bytes, start, end)) {
      const value = start + (bytes[start + 5] === SPACE && start + 5 < end ? 6 : 5);
      data(bytes, value, end, end - value + lost, sink);
      return;
    }
    const found = bytes.subarray(start, end).indexOf(COLON);
    if (found === 0) {
      ignored = undefined;
      return;
    }
    const nameEnd = found === -1 ? end : start + found;
    let valueStart = found === -1 ? end : nameEnd + 1;
    if (bytes[valueStart] === SPACE && valueStart < end) valueStart++;
    const name = bytes.toString("latin1", start, nameEnd);
    if (!field(name, bytes, valueStart, end, end - valueStart + lost, sink))
      ignored ??= Buffer.from(bytes.subarray(start, Math.min(end, start + EXCERPT_BYTES)));
  }

  /** False: the specification does not define the field. */
  function field(name: string, bytes: Buffer, start: number, end: number, length: number, sink: EventSink): boolean {
    switch (name) {
      case "data":
        data(bytes, start, end, length, sink);
        return true;
      case "event":
        if (length > maxEventBytes) refuse(EMPTY, sink);
        else block.type = bytes.toString("utf8", start, end);
        return true;
      case "id":
        if (length > maxIdBytes) sink.idRefused();
        else if (!bytes.subarray(start, end).includes(0)) {
          block.id = bytes.toString("utf8", start, end);
          block.ownId = true;
        }
        return true;
      case "retry": {
        const digits = bytes.toString("latin1", start, end);
        if (/^[0-9]+$/.test(digits) && length === digits.length) sink.retry(Number(digits));
        return true;
      }
    }
    return false;
  }

  /** Length of the block's data with another line. */
  function dataBytes(length: number): number {
    return block.lines === 0 ? length : block.bytes + 1 + length;
  }

  function data(bytes: Buffer, start: number, end: number, length: number, sink: EventSink): void {
    const total = dataBytes(length);
    if (total > maxEventBytes) refuseData(bytes, start, end, sink);
    block.lines++;
    block.bytes = total;
    if (block.refused) return;
    const text = bytes.toString("utf8", start, end);
    block.data = block.lines === 1 ? text : `${block.data}\n${text}`;
  }

  function refuseData(bytes: Buffer, start: number, end: number, sink: EventSink): void {
    const before = Buffer.from(block.lines === 0 ? "" : `${block.data}\n`);
    refuse(Buffer.concat([before, bytes.subarray(start, Math.min(end, start + 1024))]), sink);
  }

  /** The block's event is over the limit. The rest of the block is discarded. */
  function refuse(head: Buffer, sink: EventSink): void {
    if (block.refused) return;
    block.refused = true;
    block.data = "";
    sink.refused(headDigest(head, maxEventBytes), block.type || "message", block.id);
  }

  /** Reports an event once an unfinished line takes it over the limit: the end of the line may never come. */
  function checkPartial(sink: EventSink): void {
    const { buffer, held, length } = partial;
    if (dataBytes(length) <= maxEventBytes || block.refused) return;
    const colon = buffer.subarray(0, held).indexOf(COLON);
    const value = buffer[colon + 1] === SPACE && colon + 1 < held ? colon + 2 : colon + 1;
    const name = buffer.toString("latin1", 0, colon);
    if (name === "data" && dataBytes(length - value) > maxEventBytes) refuseData(buffer, value, held, sink);
    else if (name === "event" && length - value > maxEventBytes) refuse(EMPTY, sink);
  }

  /**
   * Reads the complete lines of an ASCII chunk without CR: one conversion to text, then slices of it, since each character is one
   * byte. {@link line} handles everything except plain data lines. Returns the start of the unfinished line.
   */
  function asciiLines(chunk: Buffer, from: number, sink: EventSink): number {
    const text = chunk.toString("latin1");
    let start = from;
    let end = nextLf(text, start);
    while (end !== -1) {
      const value = start + (text.charCodeAt(start + 5) === SPACE ? 6 : 5);
      if (end === start) dispatch(sink);
      else if (block.lines === 0 && value <= end && end - value <= maxEventBytes && isDataText(text, start)) {
        if (text.charCodeAt(end + 1) === LF && !block.ownId && block.type === "" && !block.refused) {
          // The usual event, one data line and no other field, does not use the block.
          ignored = undefined;
          sink.event(text.slice(value, end), end - value, "message", block.id, false);
          end++;
        } else {
          block.lines = 1;
          block.bytes = end - value;
          block.data = text.slice(value, end);
        }
      } else line(chunk, start, end, end - start, sink);
      start = end + 1;
      end = nextLf(text, start);
    }
    return start;
  }

  function dispatch(sink: EventSink): void {
    const { id, type, lines, bytes, ownId, refused, data: text } = block;
    reset(block, id);
    if (lines > 0 || refused) ignored = undefined;
    if (lines > 0 && !refused) {
      committedId = id;
      // Each invalid sequence became U+FFFD, which has three bytes.
      const length = text.includes("\uFFFD") ? Buffer.byteLength(text) : bytes;
      sink.event(text, length, type === "" ? "message" : type, id, ownId);
    } else if (id !== committedId) {
      committedId = id;
      sink.idChanged(id);
    }
  }

  /** Skips one byte order mark at the start of the body, even when it is split over chunks. */
  function skipBom(chunk: Buffer): number {
    let at = 0;
    while (bomBytes < BOM.length && at < chunk.length) {
      if (chunk[at] !== BOM[bomBytes]) {
        partial.append(BOM, 0, bomBytes);
        bomBytes = BOM.length;
        return at;
      }
      bomBytes++;
      at++;
    }
    return at;
  }

  return {
    feed(chunk, sink) {
      let start = bomBytes < BOM.length ? skipBom(chunk) : 0;
      if (skipLf && start < chunk.length) {
        if (chunk[start] === LF) start++;
        skipLf = false;
      }
      // Searches for each terminator only after the last match is passed: linear time also when a stream uses only one of them.
      let lf = chunk.indexOf(LF, start);
      let cr = chunk.indexOf(CR, start);
      while (lf !== -1 || cr !== -1) {
        if (cr === -1 && partial.length === 0 && isAscii(chunk)) {
          start = asciiLines(chunk, start, sink);
          break;
        }
        const end = cr === -1 || (lf !== -1 && lf < cr) ? lf : cr;
        if (partial.length > 0) {
          partial.append(chunk, start, end);
          line(partial.buffer, 0, partial.held, partial.length, sink);
          partial.reset();
        } else line(chunk, start, end, end - start, sink);
        start = end + 1;
        if (end === cr) {
          if (start === chunk.length) skipLf = true;
          else if (chunk[start] === LF) start++;
        }
        if (lf !== -1 && lf < start) lf = chunk.indexOf(LF, start);
        if (cr !== -1 && cr < start) cr = chunk.indexOf(CR, start);
      }
      if (start === chunk.length) return;
      partial.append(chunk, start, chunk.length);
      checkPartial(sink);
    },
    end() {
      // A block without its blank line is discarded together with its id, whatever ended the body.
      partial.reset();
      reset(block, committedId);
    },
    unread() {
      if (ignored) return ignored;
      if (block.lines > 0) return Buffer.from(`data: ${block.data.slice(0, EXCERPT_BYTES)}`);
      const isComment = partial.length === 0 || partial.buffer[0] === COLON;
      return isComment ? undefined : partial.head;
    },
    held: () => partial.size + block.data.length,
  };
}

/** Every second line of a usual stream is blank: check this position before the search. */
function nextLf(text: string, start: number): number {
  return text.charCodeAt(start) === LF ? start : text.indexOf("\n", start);
}

/** Whether the line starts with `data:`. Compares bytes, because this runs for every line. */
function isData(bytes: Buffer, start: number, end: number): boolean {
  return (
    end - start >= 5 &&
    bytes[start] === 0x64 &&
    bytes[start + 1] === 0x61 &&
    bytes[start + 2] === 0x74 &&
    bytes[start + 3] === 0x61 &&
    bytes[start + 4] === COLON
  );
}

/** The same check on text. */
function isDataText(text: string, start: number): boolean {
  return (
    text.charCodeAt(start) === 0x64 &&
    text.charCodeAt(start + 1) === 0x61 &&
    text.charCodeAt(start + 2) === 0x74 &&
    text.charCodeAt(start + 3) === 0x61 &&
    text.charCodeAt(start + 4) === COLON
  );
}

interface Block {
  data: string;
  /** Data lines so far. None means no event; one empty line means an event with empty data. */
  lines: number;
  bytes: number;
  type: string;
  id: string;
  ownId: boolean;
  /** It is over the limit, and reported. */
  refused: boolean;
}

function emptyBlock(id: string): Block {
  return { data: "", lines: 0, bytes: 0, type: "", id, ownId: false, refused: false };
}

/** Resets in place: one block object serves all events of a connection. */
function reset(block: Block, id: string): void {
  block.data = "";
  block.lines = 0;
  block.bytes = 0;
  block.type = "";
  block.id = id;
  block.ownId = false;
  block.refused = false;
}
