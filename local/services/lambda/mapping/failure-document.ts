import { randomUUID } from "node:crypto";
import type { StreamRecord } from "../../dynamodb/change-stream";

export type FailureCondition = "RetryAttemptsExhausted" | "RecordAgeExceeded";

/** A table here has one shard. */
const SHARD = "shardId-00000001764000000000-local";

/**
 * The object that Lambda writes to a bucket for discarded records. It includes the records.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/services-dynamodb-errors.html
 */
export function failureDocument(
  mapping: { readonly id: string; readonly functionArn: string },
  streamArn: string,
  {
    records,
    condition,
    attempts,
  }: { readonly records: readonly StreamRecord[]; readonly condition: FailureCondition; readonly attempts: number },
): { readonly key: string; readonly body: string } {
  const now = new Date().toISOString();
  const [day = "", time = ""] = now.slice(0, 19).replaceAll(":", ".").split("T");
  const first = records[0]?.dynamodb;
  const last = records[records.length - 1]?.dynamodb;
  const iso = (seconds = 0) => new Date(seconds * 1000).toISOString();
  const body = {
    requestContext: {
      requestId: randomUUID(),
      functionArn: mapping.functionArn,
      condition,
      approximateInvokeCount: attempts,
    },
    responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
    version: "1.0",
    timestamp: now,
    DDBStreamBatchInfo: {
      shardId: SHARD,
      startSequenceNumber: first?.SequenceNumber,
      endSequenceNumber: last?.SequenceNumber,
      approximateArrivalOfFirstRecord: iso(first?.ApproximateCreationDateTime),
      approximateArrivalOfLastRecord: iso(last?.ApproximateCreationDateTime),
      batchSize: records.length,
      streamArn,
    },
    payload: JSON.stringify({ Records: records }),
  };
  const key = `aws/lambda/${mapping.id}/${SHARD}/${day.replaceAll("-", "/")}/${day}T${time}-${randomUUID()}`;
  return { key, body: JSON.stringify(body) };
}
