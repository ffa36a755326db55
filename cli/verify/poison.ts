import type { Clock } from "pulumi-stream-ingestion/internal";
import { CliError } from "../terminal";
import type { Check } from "./check";
import { until, type Waiting } from "./until";

/** A stored event that no code can decode, so that every processor fails on it without a call of the user's handler. */
export interface Poison {
  /** Stores the event. Returns its key. */
  write(streamId: string): Promise<string>;
  /** The object in the failure bucket that contains the event. */
  find(streamId: string, key: string): Promise<string | undefined>;
  /** Removes the event from the table and from the bucket. Also succeeds when it is in neither. */
  remove(streamId: string, key: string): Promise<void>;
}

export const POISON = "an event that cannot be processed is stored in the failure bucket";

/** Always removes the event. @throws CliError INTERRUPTED, POISON_LEFT */
export async function poisonCheck(poison: Poison, streamId: string, clock: Clock, waiting: Waiting): Promise<Check> {
  const key = await poison.write(streamId);
  try {
    const object = await until(clock, waiting, () => poison.find(streamId, key));
    return object === undefined
      ? {
          what: POISON,
          result: "failed",
          detail: `event ${key} is not in the bucket. If it appears later, remove it: stream-ingestion failures discard --stream ${streamId}`,
        }
      : { what: POISON, result: "passed", detail: `found and removed ${object}` };
  } finally {
    await poison.remove(streamId, key).catch((cause: Error) => {
      throw new CliError(
        `The event ${key} of stream ${streamId} could not be removed: ${cause.message}. Delete its item and run: stream-ingestion failures discard --stream ${streamId}`,
        "POISON_LEFT",
        undefined,
        { cause },
      );
    });
  }
}
