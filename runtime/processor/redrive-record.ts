import { ITEM } from "../contract";
import type { AttributeJson } from "../data/item";
import type { Failure } from "./failure";
import type { StreamBatch, StreamRecord } from "./lambda";

/** `eventSource` of redriven records. Their failures are returned in the response and not stored again. */
const REDRIVE_SOURCE = "stream-ingestion:redrive";

export function isRedrive(record: StreamRecord): boolean {
  return record.eventSource === REDRIVE_SOURCE;
}

/**
 * The payload that makes a processor handle a failed event again. If the event fails again, the response contains the error and
 * the bucket does not change. Store the object of {@link redriveOversize} first.
 */
export function redriveBatch(failure: Failure): StreamBatch {
  const record = failure.record ?? recordOf(failure);
  const dynamodb = { ...record.dynamodb, SequenceNumber: record.dynamodb?.SequenceNumber ?? "1" };
  return { Records: [{ ...record, eventName: "INSERT", eventSource: REDRIVE_SOURCE, dynamodb }] };
}

/** The object that must be in the bucket before the event is redriven, because the original may have expired. */
export function redriveOversize({ event }: Failure): { readonly key: string; readonly bytes: Uint8Array } | undefined {
  if (event?.pointer === undefined) return undefined;
  return { key: event.pointer, bytes: Buffer.from(event.data, event.encoding ?? "utf8") };
}

function recordOf({ streamId, key, event }: Failure): StreamRecord {
  const keys = { [ITEM.streamId]: { S: streamId }, [ITEM.key]: { S: key } };
  if (event === undefined) return { dynamodb: { Keys: keys } };
  const image: Record<string, AttributeJson> = {
    ...keys,
    [ITEM.type]: { S: event.type },
    [ITEM.sequence]: { S: event.sequence },
    [ITEM.receivedAt]: { N: String(event.receivedAt) },
  };
  if (event.id !== undefined) image[ITEM.id] = { S: event.id };
  if (event.pointer !== undefined) image[ITEM.pointer] = { S: event.pointer };
  else image[ITEM.data] = event.encoding === "base64" ? { B: event.data } : { S: event.data };
  return { dynamodb: { Keys: keys, NewImage: image } };
}
