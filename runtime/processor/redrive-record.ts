import { ITEM } from "../contract";
import type { AttributeJson, StoredEvent } from "../data/item";
import type { Failure } from "./failure";
import type { StreamBatch, StreamRecord } from "./lambda";

/** `eventSource` of redriven records. Their failures are returned in the response and not stored again. */
const REDRIVE_SOURCE = "stream-ingestion:redrive";

export function isRedrive(record: StreamRecord): boolean {
  return record.eventSource === REDRIVE_SOURCE;
}

/**
 * The payload that makes a processor handle failed events again. If an event fails again, the response contains the error and
 * the bucket does not change. Store the objects of {@link redriveOversize} first.
 */
export function redriveBatch(...failures: readonly Failure[]): StreamBatch {
  return numbered(failures.map((failure) => failure.record ?? recordOf(failure)));
}

/** The payload that makes a processor handle stored events again. Their failures are in the response only. */
export function replayBatch(events: readonly StoredEvent[]): StreamBatch {
  return numbered(
    events.map(({ streamId, key, data = "", ...event }) =>
      recordOf({
        streamId,
        key,
        event: {
          ...event,
          ...(typeof data === "string" ? { data } : { data: data.toString("base64"), encoding: "base64" }),
        },
      }),
    ),
  );
}

/** The response names records by these numbers. */
function numbered(records: readonly StreamRecord[]): StreamBatch {
  return {
    Records: records.map((record, index) => ({
      ...record,
      eventName: "INSERT",
      eventSource: REDRIVE_SOURCE,
      dynamodb: { ...record.dynamodb, SequenceNumber: String(index + 1) },
    })),
  };
}

/** The object that must be in the bucket before the event is redriven, because the original may have expired. */
export function redriveOversize({ event }: Failure): { readonly key: string; readonly bytes: Uint8Array } | undefined {
  if (event?.pointer === undefined) return undefined;
  return { key: event.pointer, bytes: Buffer.from(event.data, event.encoding ?? "utf8") };
}

function recordOf({ streamId, key, event }: Pick<Failure, "streamId" | "key" | "event">): StreamRecord {
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
