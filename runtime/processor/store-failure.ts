import { type Failure, type FailureReason, failedEvent, failureObjectKey } from "./failure";
import type { PendingEvent } from "./load";
import type { ProcessorPorts } from "./ports";
import type { EventParts } from "./stream-event";

const TRIES = 3;

/** Stores a failed event with its payload in the failure bucket. Returns false when that fails: Lambda must deliver it again. */
export async function storeFailure(
  { record, streamId, key, packed, stored }: PendingEvent,
  parts: EventParts | undefined,
  error: FailureReason,
  attempts: number,
  { bucket, clock, logger }: ProcessorPorts,
): Promise<boolean> {
  const pointer = stored instanceof Error ? undefined : stored.pointer;
  const payload = parts === undefined ? { record } : { event: failedEvent(parts, pointer, packed) };
  const failure: Failure = { v: 1, streamId, key, ...payload, error, attempts, at: clock.now() };
  const body = Buffer.from(JSON.stringify(failure));
  for (let tries = 1; ; tries++) {
    try {
      await bucket.put(failureObjectKey(failure), body);
      return true;
    } catch (thrown) {
      if (tries < TRIES) continue;
      logger.log("error", "Writing a failed event to the failure bucket failed", { streamId, key, error: thrown });
      return false;
    }
  }
}
