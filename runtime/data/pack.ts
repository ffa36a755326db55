import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { EVENT_KEY, ITEM, OVERSIZE_PREFIX, PACK_PREFIX, STREAM_ID_KEY } from "../contract";
import { contentKey } from "./identity";
import { type AttributeJson, type EncodedItem, type EventToStore, MAX_ITEM_BYTES, type StoredEvent } from "./item";

/**
 * A pack is one item with consecutive events of one connection, in order:
 *
 *     streamId  `EUR_USD`, or `EUR_USD#3` with slices
 *     key       `p#` generation `#` connection `#` counter of the first event `#` nonce of the run
 *     n, r, l   number of events; when the first and the last one were received
 *     d         zstd of: length of the header (4 bytes, big endian), header (JSON), data of all events
 *
 * The header has columns instead of rows, and a column is absent where every event has the default: JSON that repeats no names
 * compresses better and is quicker to write.
 */
interface Header {
  /** Length of each event's data, in bytes. */
  readonly b: readonly number[];
  /** Increase of the counter since the previous event; the first is 0. Absent: 1 for each. */
  readonly c?: readonly number[];
  /** Milliseconds since the previous event; the first is 0. Absent: 0 for each. */
  readonly r?: readonly number[];
  /** Type of each event. Absent: "message". */
  readonly t?: readonly string[];
  /** Current id at each event, 0: as at the previous event. Absent: none. */
  readonly i?: readonly (string | 0)[];
  /** Key of each event. Absent: the hash of its content. */
  readonly k?: readonly string[];
  /** Numbers of the events whose data is not valid UTF-8. */
  readonly x?: readonly number[];
}

/** Where a pack's events were received, and how it is stored. */
export interface PackPlace {
  readonly streamId: string;
  readonly generation: number;
  readonly connection: number;
  /** Makes the key unique among runs with the same generation. Letters and digits. */
  readonly nonce: string;
  readonly ttlSeconds: number;
  /** Slice of this pack. Absent: the stream has one partition key. */
  readonly slice?: number;
  /** Whether the keys are the hashes of the contents, which a reader computes. */
  readonly contentKeys: boolean;
}

/** An event and its number within its connection. */
export interface CountedEvent extends Omit<EventToStore, "streamId" | "sequence" | "dataBytes"> {
  readonly counter: number;
}

/** Names and fixed-size values: `streamId`, `key`, `d`, `n`, `r`, `l`, `ttl`. Numbers take up to 8 bytes. */
const FIXED_BYTES = 8 + 3 + 1 + (1 + 3) + (1 + 8) + (1 + 8) + (3 + 6);
const HEADER_LENGTH_BYTES = 4;
const COMPRESSION = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** A pack is written here before it is compressed: a new buffer for each pack would leave much unused memory until the next collection. */
const scratch = Buffer.allocUnsafeSlow(128 * 1024);
/** Limit for a decompressed pack. A pack is closed long before, so more than this is corrupt data. */
const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
const COUNTER_DIGITS = 12;

/** Sort key of a pack. Keys of one stream rise with generation, connection and counter. */
export function packKey(generation: number, connection: number, counter: number, nonce: string): string {
  return `${PACK_PREFIX}${digits(generation)}#${digits(connection)}#${digits(counter)}#${nonce}`;
}

const digits = (value: number) => String(value).padStart(COUNTER_DIGITS, "0");

/** Encodes events of one connection, at least one, in order of their counters. A single event over 400 KB is stored in the bucket. */
export function encodePack(events: readonly CountedEvent[], place: PackPlace): EncodedItem {
  const [first] = events;
  const last = events.at(-1);
  if (first === undefined || last === undefined) throw new Error("A pack has at least one event.");
  const { streamId, generation, connection, nonce, slice } = place;
  const key = packKey(generation, connection, first.counter, nonce);
  const partition = slice === undefined ? streamId : `${streamId}#${slice}`;
  const ttl = Math.floor(first.receivedAt / 1000) + place.ttlSeconds;
  const json = `{"${STREAM_ID_KEY}":{"S":"${partition}"},"${EVENT_KEY}":{"S":"${key}"},"${ITEM.count}":{"N":"${events.length}"},"${ITEM.receivedAt}":{"N":"${first.receivedAt}"},"${ITEM.lastReceivedAt}":{"N":"${last.receivedAt}"},"${ITEM.ttl}":{"N":"${ttl}"}`;
  const bytes = FIXED_BYTES + partition.length + key.length;
  const packed = compress(headerOf(events, place.contentKeys), events);
  if (events.length > 1 || bytes + packed.length <= MAX_ITEM_BYTES)
    return {
      key,
      json: `${json},"${ITEM.data}":{"B":"${packed.toString("base64")}"}}`,
      bytes: bytes + packed.length,
    };
  const pointer = `${OVERSIZE_PREFIX}${streamId}/${key}`;
  // The key cannot be computed without the data.
  const body = compress(headerOf(events, false), []);
  return {
    key,
    json: `${json},"${ITEM.pointer}":{"S":"${pointer}"},"${ITEM.data}":{"B":"${body.toString("base64")}"}}`,
    bytes: bytes + body.length + 1 + pointer.length,
    oversize: { key: pointer, bytes: typeof first.data === "string" ? Buffer.from(first.data) : first.data },
  };
}

function headerOf(events: readonly CountedEvent[], contentKeys: boolean): Header {
  let { counter, receivedAt } = events[0]!;
  let id = "";
  let counts = false;
  let times = false;
  let types = false;
  const b: number[] = [];
  const c: number[] = [];
  const r: number[] = [];
  const x: number[] = [];
  const i: (string | 0)[] = [];
  for (const event of events) {
    b.push(Buffer.byteLength(event.data));
    const step = event.counter - counter;
    counts ||= step !== 1 && c.length > 0;
    c.push(step);
    counter = event.counter;
    const elapsed = event.receivedAt - receivedAt;
    times ||= elapsed !== 0;
    r.push(elapsed);
    receivedAt = event.receivedAt;
    types ||= event.type !== "message" && event.type !== "";
    i.push(event.id === id ? 0 : event.id);
    id = event.id;
    if (typeof event.data !== "string") x.push(b.length - 1);
  }
  return {
    b,
    ...(counts && { c }),
    ...(times && { r }),
    ...(types && { t: events.map(({ type }) => type) }),
    ...(i.some((value) => value !== 0) && { i }),
    ...(!contentKeys && { k: events.map(({ key }) => key) }),
    ...(x.length > 0 && { x }),
  };
}

function compress(header: Header, events: readonly CountedEvent[]): Buffer {
  const text = JSON.stringify(header);
  const headerBytes = Buffer.byteLength(text);
  const bytes = events.reduce((sum, _, n) => sum + header.b[n]!, HEADER_LENGTH_BYTES + headerBytes);
  const target = bytes <= scratch.length ? scratch : Buffer.allocUnsafe(bytes);
  let end = target.writeUInt32BE(headerBytes);
  end += target.write(text, end);
  for (const { data } of events) end += typeof data === "string" ? target.write(data, end) : data.copy(target, end);
  return zstdCompressSync(target.subarray(0, end), { ...COMPRESSION, pledgedSrcSize: end });
}

/** Whether an item is a pack; otherwise it is one event. */
export function isPack(attributes: Readonly<Record<string, AttributeJson>>): boolean {
  return attributes[ITEM.count] !== undefined;
}

/** The events of a pack, in order. Throws when the item is corrupt. */
export function decodePack(attributes: Readonly<Record<string, AttributeJson>>): StoredEvent[] {
  const key = attributes[EVENT_KEY]?.S ?? "";
  const [, generation, connection, counter] = key.split("#").map(Number);
  const place = `${generation}.${connection}.`;
  const body = decompress(attributes[ITEM.data]?.B);
  const dataStart = HEADER_LENGTH_BYTES + body.readUInt32BE();
  const header = JSON.parse(body.toString("utf8", HEADER_LENGTH_BYTES, dataStart)) as Header;
  const pointer = attributes[ITEM.pointer]?.S;
  const total = header.b.reduce((sum, length) => sum + length, dataStart);
  if (header.b.length !== Number(attributes[ITEM.count]?.N) || (pointer === undefined && total !== body.length))
    throw new Error(`Pack ${key} is incomplete: ${header.b.length} events and ${total} bytes of ${body.length}.`);
  const binary = new Set(header.x);
  const streamId = (attributes[STREAM_ID_KEY]?.S ?? "").split("#", 1)[0]!;
  let start = dataStart;
  let count = counter!;
  let receivedAt = Number(attributes[ITEM.receivedAt]?.N);
  let id = "";
  return header.b.map((length, n) => {
    const bytes = body.subarray(start, start + length);
    start += length;
    count += n === 0 ? 0 : (header.c?.[n] ?? 1);
    receivedAt += header.r?.[n] ?? 0;
    id = header.i?.[n] || id;
    if (header.i?.[n] === "") id = "";
    const type = header.t?.[n] || "message";
    const data = binary.has(n) ? bytes : bytes.toString("utf8");
    return {
      streamId,
      key: header.k?.[n] ?? contentKey(data, type),
      type,
      ...(id !== "" && { id }),
      ...(pointer === undefined ? { data } : { pointer }),
      receivedAt,
      sequence: place + count,
    };
  });
}

function decompress(value: string | Uint8Array | undefined): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "base64") : Buffer.from(value ?? []);
  return zstdDecompressSync(bytes, { maxOutputLength: MAX_DECOMPRESSED_BYTES });
}
