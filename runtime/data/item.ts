import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { EVENT_KEY, ITEM, OVERSIZE_PREFIX, STREAM_ID_KEY } from "../contract";

/** An event to be stored. */
export interface EventToStore {
  readonly streamId: string;
  readonly key: string;
  readonly type: string;
  /** Current SSE `id` at this event; "" = none. */
  readonly id: string;
  /** Text, or the bytes of a line that is not valid UTF-8. */
  readonly data: string | Buffer;
  /** Length of `data` in bytes. */
  readonly dataBytes: number;
  readonly receivedAt: number;
  readonly sequence: string;
}

/** An item ready to be written. `json` is the `Item` of a PutRequest. */
export interface EncodedItem {
  readonly key: string;
  readonly json: string;
  /** Size as DynamoDB counts it: attribute names and values. */
  readonly bytes: number;
  /** Raw bytes that must be in the bucket before the item is written. */
  readonly oversize?: Oversize;
}

export interface Oversize {
  readonly key: string;
  readonly bytes: Buffer;
}

/** An event read from an item of the event table. */
export interface StoredEvent {
  readonly streamId: string;
  readonly key: string;
  readonly type: string;
  readonly id?: string;
  /** Text, or bytes that are not valid UTF-8. Absent when `pointer` is set: that object then contains the raw bytes. */
  readonly data?: string | Buffer;
  readonly receivedAt: number;
  readonly sequence: string;
  readonly pointer?: string;
}

/** An attribute as Lambda delivers it, where `B` is base64 text, or as the SDK does, where it is bytes. */
export interface AttributeJson {
  readonly S?: string;
  readonly N?: string;
  readonly B?: string | Uint8Array;
}

/** A write unit; https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/on-demand-capacity-mode.html */
const UNIT_BYTES = 1024;
/** DynamoDB refuses items over 400 KB. */
export const MAX_ITEM_BYTES: number = 400 * 1024;
/** Limit for decompressed data. Larger events are never compressed into an item, so more than this is corrupt data. */
const MAX_DECOMPRESSED_BYTES = 64 * 1024 * 1024;
/** Names and fixed-size values of every item, rounded up: `streamId`, `key`, `d`, `q`, `r` (8 bytes), `ttl` (6 bytes). */
const FIXED_BYTES = 8 + 3 + 1 + 1 + 1 + 8 + 3 + 6;

/**
 * Encodes one item. The JSON is built as text, because the SDK's marshalling costs more CPU than the rest of the relay.
 * Data is compressed when that saves a write unit. If the item still exceeds 400 KB, the data is stored in the bucket.
 */
export function encodeItem(event: EventToStore, ttlSeconds: number, slices: number): EncodedItem {
  const { key, type, id, data, sequence } = event;
  const partition = partitionOf(event.streamId, key, slices);
  let bytes = FIXED_BYTES + partition.length + key.length + sequence.length;
  let json = `{"${STREAM_ID_KEY}":{"S":"${partition}"},"${EVENT_KEY}":{"S":"${key}"},"${ITEM.sequence}":{"S":"${sequence}"},${timesOf(event.receivedAt, ttlSeconds)}`;
  if (type !== "message" && type !== "") {
    json += `,"${ITEM.type}":{"S":${JSON.stringify(type)}}`;
    bytes += 1 + Buffer.byteLength(type);
  }
  if (id !== "") {
    json += `,"${ITEM.id}":{"S":${JSON.stringify(id)}}`;
    bytes += 1 + Buffer.byteLength(id);
  }

  const plainBytes = bytes + event.dataBytes;
  if (plainBytes > UNIT_BYTES) {
    const encoding = typeof data === "string" ? "zstd" : "zstd-binary";
    // One copy serves both the compression and the bucket.
    const raw = typeof data === "string" ? Buffer.from(data) : data;
    const packed = zstdCompressSync(raw, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });
    const packedBytes = bytes + packed.length + 1 + encoding.length;
    if (units(packedBytes) < units(plainBytes) && packedBytes <= MAX_ITEM_BYTES)
      return {
        key,
        json: `${json},"${ITEM.encoding}":{"S":"${encoding}"},"${ITEM.data}":{"B":"${packed.toString("base64")}"}}`,
        bytes: packedBytes,
      };
    if (plainBytes > MAX_ITEM_BYTES) {
      const pointer = `${OVERSIZE_PREFIX}${event.streamId}/${key}`;
      return {
        key,
        json: `${json},"${ITEM.pointer}":{"S":"${pointer}"}}`,
        bytes: bytes + pointer.length,
        oversize: { key: pointer, bytes: typeof data === "string" ? raw : Buffer.from(raw) },
      };
    }
  }
  const value = typeof data === "string" ? `{"S":${JSON.stringify(data)}}` : `{"B":"${data.toString("base64")}"}`;
  return { key, json: `${json},"${ITEM.data}":${value}}`, bytes: plainBytes };
}

let times = { receivedAt: Number.NaN, ttlSeconds: 0, json: "" };

/** The two time attributes of an item. A chunk contains hundreds of events with the same time, so the last result is cached. */
function timesOf(receivedAt: number, ttlSeconds: number): string {
  if (times.receivedAt !== receivedAt || times.ttlSeconds !== ttlSeconds) {
    const ttl = Math.floor(receivedAt / 1000) + ttlSeconds;
    const json = `"${ITEM.receivedAt}":{"N":"${receivedAt}"},"${ITEM.ttl}":{"N":"${ttl}"}`;
    times = { receivedAt, ttlSeconds, json };
  }
  return times.json;
}

/** Decodes one item: a record's `NewImage`, or a query result in AttributeValue JSON. Throws when compressed data is corrupt. */
export function decodeItem(attributes: Readonly<Record<string, AttributeJson>>): StoredEvent {
  const id = attributes[ITEM.id]?.S;
  const pointer = attributes[ITEM.pointer]?.S;
  const data = pointer === undefined ? decodeData(attributes) : undefined;
  return {
    // A stream id contains no "#"; the slice follows it.
    streamId: (attributes[STREAM_ID_KEY]?.S ?? "").split("#", 1)[0]!,
    key: attributes[EVENT_KEY]?.S ?? "",
    type: attributes[ITEM.type]?.S ?? "message",
    ...(id === undefined ? {} : { id }),
    ...(data === undefined ? {} : { data }),
    receivedAt: Number(attributes[ITEM.receivedAt]?.N ?? 0),
    sequence: attributes[ITEM.sequence]?.S ?? "",
    ...(pointer === undefined ? {} : { pointer }),
  };
}

function decodeData(attributes: Readonly<Record<string, AttributeJson>>): string | Buffer {
  const value = attributes[ITEM.data];
  if (value?.B === undefined) return value?.S ?? "";
  const bytes = typeof value.B === "string" ? Buffer.from(value.B, "base64") : Buffer.from(value.B);
  const encoding = attributes[ITEM.encoding]?.S;
  if (encoding === undefined) return bytes;
  const plain = zstdDecompressSync(bytes, { maxOutputLength: MAX_DECOMPRESSED_BYTES });
  return encoding === "zstd" ? plain.toString("utf8") : plain;
}

/** Write units of an item of `bytes`. */
export function units(bytes: number): number {
  return Math.ceil(bytes / UNIT_BYTES);
}

/** Partition key of an event. */
export function partitionOf(streamId: string, key: string, slices: number): string {
  return slices > 1 ? `${streamId}#${sliceOf(key, slices)}` : streamId;
}

/** Spreads any keys evenly (FNV-1a, with the high bits folded in). */
function sliceOf(key: string, slices: number): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  return ((hash ^ (hash >>> 15)) >>> 0) % slices;
}
