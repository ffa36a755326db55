import { FAILURE_PREFIX } from "../contract";
import type { StreamRecord } from "./lambda";
import type { EventParts } from "./stream-event";

/**
 * An event that its processor could not handle, as the failure bucket keeps it: JSON under {@link failureObjectKey}, with
 * all that a redrive needs, readable in an editor.
 */
export interface Failure {
  readonly v: 1;
  readonly streamId: string;
  readonly key: string;
  /** Absent where it could not be loaded: `record` is there instead. */
  readonly event?: FailedEvent;
  /** The change stream's record as it was delivered. */
  readonly record?: StreamRecord;
  /** Why the last attempt failed. */
  readonly error: FailureReason;
  /** How often it was tried. */
  readonly attempts: number;
  /** Epoch milliseconds of the last attempt. */
  readonly at: number;
}

export interface FailureReason {
  /** The error's own `code`, else its name. */
  readonly code: string;
  readonly message: string;
}

export interface FailedEvent {
  readonly type: string;
  readonly id?: string;
  readonly data: string;
  /** Present where `data` is base64, since the event's bytes are no UTF-8. */
  readonly encoding?: "base64";
  readonly receivedAt: number;
  readonly sequence: string;
  /** Where in the bucket the table's item looks for its data; absent = in the item. */
  readonly pointer?: string;
}

/** One object an event, however often it fails: a redelivery overwrites it. */
export function failureObjectKey(streamId: string, eventKey: string): string {
  return `${failurePrefix(streamId)}${encodeURIComponent(eventKey)}.json`;
}

/** Where the processor puts the failures of one stream. */
export function failurePrefix(streamId: string): string {
  return `${FAILURE_PREFIX}${encodeURIComponent(streamId)}/`;
}

export function failedEvent(parts: EventParts, pointer: string | undefined): FailedEvent {
  const { type, id, data, receivedAt, sequence } = parts;
  return {
    type,
    id,
    ...(typeof data === "string" ? { data } : { data: Buffer.from(data).toString("base64"), encoding: "base64" }),
    receivedAt,
    sequence,
    pointer,
  };
}

/** Some libraries put whole documents into a message. */
const MAX_MESSAGE_LENGTH = 2_000;

/** What anything thrown says of itself. */
export function failureReason(thrown: unknown): FailureReason {
  if (!(thrown instanceof Error)) return { code: "Error", message: String(thrown).slice(0, MAX_MESSAGE_LENGTH) };
  const code = (thrown as { code?: unknown }).code;
  return {
    code: typeof code === "string" ? code : thrown.name,
    message: thrown.message.slice(0, MAX_MESSAGE_LENGTH),
  };
}
