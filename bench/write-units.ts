import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { encodeItem, units } from "../runtime/data/item";
import { lineDecoder } from "../runtime/data/line-decoder";
import { type CountedEvent, encodePack } from "../runtime/data/pack";
import { sseDecoder } from "../runtime/data/sse-decoder";

export interface UnitsRow {
  readonly stream: string;
  readonly events: number;
  /** Write units per 1,000 events. */
  readonly units: number;
  /** The same with uncompressed data and full attribute names. */
  readonly rawUnits: number;
  /** In packs, at 1,000 events per second. */
  readonly packedUnits: number;
}

const SAMPLES = join(__dirname, "../../shared/data");
const FULL_NAMES = [
  "streamId",
  "eventKey",
  "eventData",
  "eventType",
  "eventId",
  "sequence",
  "receivedAt",
  "expiresAt",
].join("");
const LIMIT = 64 << 20;
/** Of the default `packBytes`, and of 1,000 events per second within the default `lingerMs`. */
const PACK = { bytes: 65_536, events: 200 };

/** Write units of the sample streams; empty when their folder does not exist. */
export function writeUnits(): UnitsRow[] {
  const files = ["sse", "ndjson"].flatMap((kind) => {
    const folder = join(SAMPLES, kind);
    return existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
  });
  return files.map(unitsOf).filter((row) => row.events >= 50);
}

function unitsOf(file: string): UnitsRow {
  let events = 0;
  let stored = 0;
  let raw = 0;
  const all: CountedEvent[] = [];
  const decoder = file.endsWith(".sse") ? sseDecoder(LIMIT) : lineDecoder(LIMIT);
  decoder.feed(readFileSync(file), {
    event: (data, dataBytes, type, id) => {
      const fixed = {
        streamId: "prices",
        key: "qW22iQNnqLwEmEFQG6Gwqw",
        receivedAt: 1_795_544_623_185,
        sequence: "12.3.45678",
      };
      events++;
      // Bytes are a view of the chunk, which is the whole file.
      all.push({ ...fixed, data, type, id, counter: events });
      stored += units(encodeItem({ ...fixed, data, dataBytes, type, id }, 604_800, 1).bytes);
      // With the key in hex and times as text, as is usual.
      raw += units(FULL_NAMES.length + 6 + 64 + dataBytes + Buffer.byteLength(type + id) + 10 + 24 + 10);
    },
    refused: () => {
      throw new Error(`Wrong result: an event of ${file} was refused`);
    },
    malformed: () => {
      throw new Error(`Wrong answer: a value of ${file} was malformed`);
    },
    idChanged: () => {},
    idRefused: () => {},
    retry: () => {},
  });
  const perThousand = (sum: number) => (sum / events) * 1_000;
  return {
    stream: basename(file),
    events,
    units: perThousand(stored),
    rawUnits: perThousand(raw),
    packedUnits: perThousand(packedUnits(all)),
  };
}

function packedUnits(events: readonly CountedEvent[]): number {
  const place = {
    streamId: "prices",
    generation: 12,
    connection: 3,
    nonce: "1z141z4",
    ttlSeconds: 604_800,
    contentKeys: true,
  };
  let sum = 0;
  for (let start = 0; start < events.length; ) {
    let [end, bytes] = [start + 1, Buffer.byteLength(events[start]!.data)];
    while (end < events.length && end - start < PACK.events) {
      bytes += Buffer.byteLength(events[end]!.data);
      if (bytes > PACK.bytes) break;
      end++;
    }
    sum += units(encodePack(events.slice(start, end), place).bytes);
    start = end;
  }
  return sum;
}
