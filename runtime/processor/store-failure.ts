import { type Failure, type FailureReason, failedEvent, failureObjectKey } from "./failure";
import type { Arrival } from "./load";
import type { ProcessorPorts } from "./ports";
import type { EventParts } from "./stream-event";

/** A frozen environment wakes with dead sockets: the first tries may each meet one. */
const TRIES = 3;

/** Puts a failed event into the failure bucket with its payload; false = that did not work, so Lambda has to keep it. */
export async function storeFailure(
  { record, streamId, key, stored }: Arrival,
  parts: EventParts | undefined,
  error: FailureReason,
  attempts: number,
  { bucket, clock, logger }: ProcessorPorts,
): Promise<boolean> {
  const pointer = stored instanceof Error ? undefined : stored.pointer;
  const payload = parts === undefined ? { record } : { event: failedEvent(parts, pointer) };
  const failure: Failure = { v: 1, streamId, key, ...payload, error, attempts, at: clock.now() };
  const body = Buffer.from(JSON.stringify(failure));
  for (let tries = 1; ; tries++) {
    try {
      await bucket.put(failureObjectKey(streamId, key), body);
      return true;
    } catch (thrown) {
      if (tries < TRIES) continue;
      logger.log("error", "Failure bucket does not take the event", { streamId, key, error: thrown });
      return false;
    }
  }
}
