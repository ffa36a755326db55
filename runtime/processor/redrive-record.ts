import { ITEM } from "../contract";
import type { AttributeJson } from "../data/item";
import type { Failure } from "./failure";
import type { StreamRecord } from "./lambda";

/** `eventSource` of records that are sent again by hand: their failures are answered, not parked once more. */
const REDRIVE_SOURCE = "stream-ingestion:redrive";

export function isRedrive(record: StreamRecord): boolean {
  return record.eventSource === REDRIVE_SOURCE;
}

/** `record` marked as sent again, under a sequence number of the sender's choice. */
export function redriveRecord(record: StreamRecord, sequenceNumber: string): StreamRecord {
  return {
    ...record,
    eventSource: REDRIVE_SOURCE,
    dynamodb: { ...record.dynamodb, SequenceNumber: sequenceNumber },
  };
}

/** The record that announced a failed event. What lay in the bucket is to be there again before it is sent. */
export function failureRecord({ streamId, key, event, record }: Failure): StreamRecord {
  if (event === undefined) return record ?? {};
  const image: Record<string, AttributeJson> = {
    [ITEM.streamId]: { S: streamId },
    [ITEM.key]: { S: key },
    [ITEM.sequence]: { S: event.sequence },
    [ITEM.receivedAt]: { N: String(event.receivedAt) },
  };
  if (event.type !== "message") image[ITEM.type] = { S: event.type };
  if (event.id !== undefined) image[ITEM.id] = { S: event.id };
  if (event.pointer !== undefined) image[ITEM.pointer] = { S: event.pointer };
  else image[ITEM.data] = event.encoding === "base64" ? { B: event.data } : { S: event.data };
  return {
    eventName: "INSERT",
    dynamodb: { Keys: { [ITEM.streamId]: { S: streamId }, [ITEM.key]: { S: key } }, NewImage: image },
  };
}
