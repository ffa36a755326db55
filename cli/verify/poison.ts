import { randomUUID } from "node:crypto";
import type { Clock } from "pulumi-stream-ingestion/internal";
import { CliError } from "../terminal";
import type { Check } from "./check";
import { until, type Waiting } from "./until";

/** A stored event that no code can decode, so that every processor fails on it without a call of the user's handler. */
export interface Poison {
  /** Stores the event under this key. */
  write(streamId: string, key: string): Promise<void>;
  /** The object in the failure bucket that contains the event. */
  find(streamId: string, key: string): Promise<string | undefined>;
  /** Removes the event from the table and from the bucket. Also succeeds when it is in neither. */
  remove(streamId: string, key: string): Promise<void>;
}

export const POISON = "an event that cannot be processed is stored in the failure bucket";

/** Always removes the event, also one whose write got no answer. @throws CliError INTERRUPTED, POISON_LEFT */
export async function poisonCheck(poison: Poison, streamId: string, clock: Clock, waiting: Waiting): Promise<Check> {
  // The object's key contains it, and S3's keys are escaped.
  const key = `verify+ü ${randomUUID()}`;
  const discard = `stream-ingestion failures discard --stream ${streamId}`;
  try {
    await poison.write(streamId, key);
    const object = await until(clock, waiting, () => poison.find(streamId, key));
    return object === undefined
      ? {
          what: POISON,
          result: "failed",
          detail: `event ${key} is not in the bucket. If it appears later, remove it: ${discard}`,
        }
      : { what: POISON, result: "passed", detail: `found and removed ${object}` };
  } catch (error) {
    const { code, message } = error as CliError;
    if (code !== "INTERRUPTED") throw error;
    throw new CliError(`${message} If event ${key} appears in the bucket, remove it: ${discard}.`, code);
  } finally {
    await poison.remove(streamId, key).catch((cause: Error) => {
      throw new CliError(
        `The event ${key} of stream ${streamId} could not be removed: ${cause.message}. Delete its item and run: ${discard}`,
        "POISON_LEFT",
        undefined,
        { cause },
      );
    });
  }
}
