import { EVENT_KEY, STREAM_ID_KEY } from "../contract";
import { decodeItem } from "../data/item";
import { StreamError } from "../support/errors";
import { type Failure, failedEvent } from "./failure";
import type { StreamBatch, StreamRecord } from "./lambda";

/** Where Lambda itself puts what its mapping gave up on: `aws/lambda/<mapping>/<shard>/yyyy/mm/dd/…`. */
export const LAMBDA_FAILURE_PREFIX = "aws/lambda/";

/**
 * What Lambda writes when a mapping gave up on a batch (crash, timeout, no function to invoke), for a bucket with the records.
 * https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
interface LambdaFailure {
  readonly requestContext: { readonly condition: string; readonly approximateInvokeCount?: number };
  readonly responseContext?: { readonly functionError?: string };
  readonly timestamp: string;
  /** The invocation's payload; as text in some regions' documents. */
  readonly payload?: StreamBatch | string;
}

/** The failed events of one object of the failure bucket: the processor's own, or Lambda's. @throws StreamError EVENT_INVALID */
export function readFailureObject(text: string): readonly Failure[] {
  const object = parse(text) as Partial<Failure & LambdaFailure> | undefined;
  if (object?.v === 1 && object.streamId !== undefined && object.key !== undefined) return [object as Failure];
  const payload = typeof object?.payload === "string" ? parse(object.payload) : object?.payload;
  const records = (payload as StreamBatch | undefined)?.Records;
  if (object?.requestContext && Array.isArray(records))
    return records.map((record) => fromLambda(record, object as LambdaFailure));
  throw new StreamError(
    "EVENT_INVALID",
    `Expected a failed event with "v": 1, or Lambda's record of a failed batch with its payload; got ${text.slice(0, 80)}`,
  );
}

function fromLambda(record: StreamRecord, { requestContext, responseContext, timestamp }: LambdaFailure): Failure {
  const { [STREAM_ID_KEY]: streamId, [EVENT_KEY]: key } = record.dynamodb?.Keys ?? {};
  const said = responseContext?.functionError;
  return {
    v: 1,
    streamId: (streamId?.S ?? "unknown").split("#", 1)[0]!,
    key: key?.S ?? record.eventID ?? "unknown",
    event: readable(record),
    record,
    error: { code: requestContext.condition, message: said ? `The function ended with ${said}` : "No answer" },
    attempts: requestContext.approximateInvokeCount ?? 0,
    at: Date.parse(timestamp),
  };
}

/** The event for those who look at it; `record` is what counts. */
function readable(record: StreamRecord): Failure["event"] {
  try {
    const { data, ...parts } = decodeItem(record.dynamodb?.NewImage ?? {});
    return data === undefined ? undefined : failedEvent({ ...parts, data }, undefined);
  } catch {
    return undefined;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
