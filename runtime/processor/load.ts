import type { StandardSchemaV1 } from "@standard-schema/spec";
import { decodeItem, type StoredEvent } from "../data/item";
import { StreamError } from "../support/errors";
import type { StreamRecord } from "./lambda";
import type { Bucket } from "./ports";
import { type EventParts, type StreamEvent, streamEvent } from "./stream-event";

/** A new event as its record announces it, not yet fetched or validated. `stored` is absent where the item could not be decoded. */
export interface Arrival {
  readonly record: StreamRecord;
  readonly streamId: string;
  readonly key: string;
  readonly sequence: string;
  readonly stored: StoredEvent | StreamError;
}

/**
 * The events among a batch's records: INSERT alone. A repeat is a MODIFY, an expiry a REMOVE. The mapping filters for the
 * same, but a filter that was edited fails silently.
 */
export function arrivals(records: readonly StreamRecord[]): Arrival[] {
  return records.filter(({ eventName }) => eventName === "INSERT").map(arrival);
}

function arrival(record: StreamRecord): Arrival {
  const image = record.dynamodb?.NewImage ?? record.dynamodb?.Keys ?? {};
  try {
    const stored = decodeItem(image);
    const { streamId, key, sequence } = stored;
    if (streamId !== "" && key !== "") return { record, streamId, key, sequence, stored };
  } catch {
    // Data that does not decompress: its keys are still good, and it goes to the failure bucket under them.
  }
  const { streamId = { S: "unknown" }, key = { S: record.eventID ?? "unknown" }, q } = image;
  const error = new StreamError(
    "EVENT_INVALID",
    `Expected record ${record.eventID} to hold an item of the event table, got attributes ${Object.keys(image).join(", ") || "none"}`,
  );
  return {
    record,
    streamId: (streamId.S ?? "unknown").split("#", 1)[0]!,
    key: key.S ?? "unknown",
    sequence: q?.S ?? "",
    stored: error,
  };
}

/** The whole event: data too large for an item is fetched from the bucket. @throws StreamError EVENT_INVALID, STORE_UNAVAILABLE */
export async function loadEvent({ stored }: Arrival, bucket: Bucket, signal: AbortSignal): Promise<EventParts> {
  if (stored instanceof StreamError) throw stored;
  const { pointer, data = "", ...parts } = stored;
  if (pointer === undefined) return { ...parts, data };
  const fetched = await bucket.get(pointer, signal);
  if (fetched !== undefined) return { ...parts, data: textOrBytes(fetched) };
  throw new StreamError(
    "EVENT_INVALID",
    `Event ${parts.key} of stream "${parts.streamId}" lies in the bucket under ${pointer}, which is not there (any more)`,
  );
}

/** Text where it is valid UTF-8. */
export function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

/** The event; its `json()` is what `schema` makes of the data. @throws StreamError VALIDATION_FAILED, naming what the schema found */
export async function typedEvent<T>(
  parts: EventParts,
  schema: StandardSchemaV1<unknown, T> | undefined,
): Promise<StreamEvent<T>> {
  if (schema === undefined) return streamEvent<T>(parts);
  const result = await schema["~standard"].validate(streamEvent(parts).json());
  if (result.issues === undefined) return streamEvent(parts, () => result.value);
  const issues = result.issues.map(({ message, path = [] }) => {
    const place = path.map((part) => String(typeof part === "object" ? part.key : part)).join(".");
    return place === "" ? message : `${place}: ${message}`;
  });
  throw new StreamError(
    "VALIDATION_FAILED",
    `Expected event ${parts.key} of stream "${parts.streamId}" to fit the schema: ${issues.join("; ")}`,
  );
}
