import { EVENT_KEY, STREAM_ID_KEY } from "../contract";
import type { AttributeJson } from "../data/item";
import { isPack } from "../data/pack";
import { storedEvents } from "../data/stored-events";
import { StreamError } from "../support/errors";
import { type Failure, failedEvent } from "./failure";
import type { StreamBatch, StreamRecord } from "./lambda";
import type { EventParts } from "./stream-event";

/**
 * The document that Lambda writes to a bucket when a mapping gives up on a batch (crash, timeout, missing function).
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
interface LambdaFailure {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount?: number };
  readonly responseContext?: { readonly functionError?: string };
  readonly timestamp: string;
  /** The invocation's payload, as an object or as JSON text. */
  readonly payload?: StreamBatch | string;
}

/** Reads the failed events of one object in the failure bucket, written by the processor or by Lambda. @throws StreamError EVENT_INVALID */
export function readFailureObject(text: string): readonly Failure[] {
  const object = parse(text) as Partial<Failure & LambdaFailure> | undefined;
  if (object?.v === 1 && object.streamId !== undefined && object.key !== undefined) return [object as Failure];
  const payload = typeof object?.payload === "string" ? parse(object.payload) : object?.payload;
  const records = (payload as StreamBatch | undefined)?.Records;
  if (object?.requestContext && Array.isArray(records))
    return records.flatMap((record) => fromLambda(record, object as LambdaFailure));
  throw new StreamError(
    "EVENT_INVALID",
    `Expected a failed event with "v": 1, or Lambda's document of a failed batch with its payload, got: ${text.slice(0, 80)}`,
  );
}

function fromLambda(record: StreamRecord, { requestContext, responseContext, timestamp }: LambdaFailure): Failure[] {
  const { [STREAM_ID_KEY]: streamId, [EVENT_KEY]: key } = record.dynamodb?.Keys ?? {};
  const functionError = responseContext?.functionError;
  const failure = {
    v: 1,
    streamId: (streamId?.S ?? "unknown").split("#", 1)[0]!,
    key: key?.S ?? record.eventID ?? "unknown",
    error: {
      code: requestContext.condition,
      message: functionError ? `The function ended with ${functionError}` : "The function did not answer",
    },
    attempts: requestContext.approximateInvokeCount ?? 0,
    at: Date.parse(timestamp),
  } as const;
  const image = record.dynamodb?.NewImage ?? {};
  const events = eventsOf(image);
  const packed = isPack(image);
  // The events of a pack are redriven alone.
  if (packed && events.length > 0)
    return events.map((parts) => ({ ...failure, key: parts.key, event: failedEvent(parts, undefined, packed) }));
  // A redrive uses the record, which has the event as it was stored.
  const [parts] = events;
  return [{ ...failure, event: parts && failedEvent(parts, undefined, packed), record }];
}

/** None: the item is corrupt, or its data is in the bucket. */
function eventsOf(image: Readonly<Record<string, AttributeJson>>): EventParts[] {
  try {
    return storedEvents(image).flatMap(({ data, pointer: _, ...parts }) =>
      data === undefined ? [] : [{ ...parts, data }],
    );
  } catch {
    return [];
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
