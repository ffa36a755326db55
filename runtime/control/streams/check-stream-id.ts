import { isStreamId, STREAM_ID_PATTERN } from "../../contract";
import { StreamError } from "../../support/errors";

/** @throws StreamError VALIDATION_FAILED, before anything is read or written. */
export function checkStreamId(value: unknown): asserts value is string {
  if (isStreamId(value)) return;
  throw new StreamError(
    "VALIDATION_FAILED",
    `Expected a stream id matching ${STREAM_ID_PATTERN.source} other than . and .., got ${JSON.stringify(value)}`,
  );
}
