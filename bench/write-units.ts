import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { encodeItem, units } from "../runtime/data/item";
import { lineDecoder } from "../runtime/data/line-decoder";
import { sseDecoder } from "../runtime/data/sse-decoder";

export interface UnitsRow {
  readonly stream: string;
  readonly events: number;
  /** Write units per 1,000 events. */
  readonly units: number;
  /** The same with uncompressed data and full attribute names. */
  readonly rawUnits: number;
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
  return { stream: basename(file), events, units: (stored / events) * 1_000, rawUnits: (raw / events) * 1_000 };
}
