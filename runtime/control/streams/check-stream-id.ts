import { isStreamId, STREAM_ID_RULE } from "../../contract";
import { StreamError } from "../../support/errors";

/** @throws StreamError VALIDATION_FAILED for an invalid stream id */
export function checkStreamId(value: unknown): asserts value is string {
  if (isStreamId(value)) return;
  throw new StreamError(
    "VALIDATION_FAILED",
    `Expected a stream id of ${STREAM_ID_RULE}, got ${JSON.stringify(value)}.`,
  );
}
