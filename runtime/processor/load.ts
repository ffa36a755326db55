import type { StandardSchemaV1 } from "@standard-schema/spec";
import type { StoredEvent } from "../data/item";
import { isPack } from "../data/pack";
import { storedEvents } from "../data/stored-events";
import { StreamError } from "../support/errors";
import type { StreamRecord } from "./lambda";
import type { Bucket } from "./ports";
import { type EventParts, type StreamEvent, streamEvent } from "./stream-event";

/** A new event of a batch, not yet fetched or validated. `stored` is an error when the item could not be decoded. */
export interface PendingEvent {
  readonly record: StreamRecord;
  /** Number of the event in its record, which is a pack. 0: the first, or the record is one event. */
  readonly number: number;
  /** Whether the record is a pack. */
  readonly packed: boolean;
  readonly streamId: string;
  readonly key: string;
  readonly sequence: string;
  readonly stored: StoredEvent | StreamError;
}

/**
 * The new events of a batch: INSERT records only. A repeated event is a MODIFY, an expired one a REMOVE. The mapping has the same
 * filter, but a wrong edit of that filter would not be noticed.
 */
export function pendingEvents(records: readonly StreamRecord[]): PendingEvent[] {
  return records.filter(({ eventName }) => eventName === "INSERT").flatMap(eventsOf);
}

function eventsOf(record: StreamRecord): PendingEvent[] {
  const image = record.dynamodb?.NewImage ?? record.dynamodb?.Keys ?? {};
  const packed = isPack(image);
  let reason = "";
  try {
    const events = storedEvents(image);
    if (events.length > 0 && events.every(({ streamId, key }) => streamId !== "" && key !== ""))
      return events.map((stored, number) => {
        const { streamId, key, sequence } = stored;
        return { record, number, packed, streamId, key, sequence, stored };
      });
  } catch (error) {
    // The data cannot be decompressed. The keys are intact, so the failure is stored under them.
    reason = ` ${(error as Error).message}`;
  }
  const { streamId = { S: "unknown" }, key = { S: record.eventID ?? "unknown" }, q } = image;
  const error = new StreamError(
    "EVENT_INVALID",
    `Expected record ${record.eventID} to contain an item of the event table, got attributes: ${Object.keys(image).join(", ") || "none"}.${reason}`,
  );
  return [
    {
      record,
      number: 0,
      // The failure contains the record: it is one failure, named by the pack.
      packed: false,
      streamId: (streamId.S ?? "unknown").split("#", 1)[0]!,
      key: key.S ?? "unknown",
      sequence: q?.S ?? "",
      stored: error,
    },
  ];
}

/** The event, where nothing must be fetched or reported. */
export function loadedEvent({ stored }: PendingEvent): EventParts | undefined {
  if (stored instanceof StreamError || stored.pointer !== undefined) return undefined;
  const { pointer: _, data = "", ...parts } = stored;
  return { ...parts, data };
}

/** Loads the event, with data too large for an item from the bucket. @throws StreamError EVENT_INVALID, STORE_UNAVAILABLE */
export async function loadEvent({ stored }: PendingEvent, bucket: Bucket, signal: AbortSignal): Promise<EventParts> {
  if (stored instanceof StreamError) throw stored;
  const { pointer, data = "", ...parts } = stored;
  if (pointer === undefined) return { ...parts, data };
  const fetched = await bucket.get(pointer, signal);
  if (fetched !== undefined) return { ...parts, data: textOrBytes(fetched) };
  throw new StreamError(
    "EVENT_INVALID",
    `Event ${parts.key} of stream "${parts.streamId}" has its data in the bucket object ${pointer}, which does not exist. It may have expired.`,
  );
}

/** Text if the bytes are valid UTF-8, otherwise the bytes. */
export function textOrBytes(bytes: Uint8Array): string | Uint8Array {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return bytes;
  }
}

/** The event; `json()` returns the output of `schema`. @throws StreamError VALIDATION_FAILED with the schema's issues */
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
    `Expected event ${parts.key} of stream "${parts.streamId}" to match the schema, got: ${issues.join("; ")}`,
  );
}
