import { CONTRACT_VERSION, type HopPayload, type HopStream, isStreamId } from "../../contract";
import { StreamError } from "../../support/errors";

/** The payload of an invocation. @throws StreamError VALIDATION_FAILED: nobody but us invokes the manager, so it is a bug. */
export function parseHopPayload(value: unknown): HopPayload {
  const { v, streams } = (value ?? {}) as Partial<HopPayload>;
  if (v === CONTRACT_VERSION && Array.isArray(streams) && streams.length > 0 && streams.every(isHopStream)) {
    return { v, streams };
  }
  throw new StreamError(
    "VALIDATION_FAILED",
    `Expected an invocation of {"v":${CONTRACT_VERSION},"streams":[{"streamId","generation"?}]}, got ${JSON.stringify(value)}`,
  );
}

function isHopStream(value: unknown): value is HopStream {
  const { streamId, generation } = (value ?? {}) as Partial<HopStream>;
  return isStreamId(streamId) && (generation === undefined || Number.isSafeInteger(generation));
}
