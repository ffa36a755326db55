import { CONTRACT_VERSION, type HopPayload, type HopStream, isStreamId } from "../../contract";
import { StreamError } from "../../support/errors";

/** Parses the payload of an invocation. @throws StreamError VALIDATION_FAILED for anything that is not a {@link HopPayload} */
export function parseHopPayload(value: unknown): HopPayload {
  const { v, streams, chain } = (value ?? {}) as Partial<HopPayload>;
  if (v === CONTRACT_VERSION && Array.isArray(streams) && streams.length > 0 && streams.every(isHopStream)) {
    // A chain of unknown length counts as a new one.
    return { v, streams, ...(Number.isSafeInteger(chain) && { chain }) };
  }
  throw new StreamError(
    "VALIDATION_FAILED",
    `Expected a payload {"v":${CONTRACT_VERSION},"streams":[{"streamId","generation"?}]}, got ${JSON.stringify(value)}.`,
  );
}

function isHopStream(value: unknown): value is HopStream {
  const { streamId, generation } = (value ?? {}) as Partial<HopStream>;
  return isStreamId(streamId) && (generation === undefined || Number.isSafeInteger(generation));
}
