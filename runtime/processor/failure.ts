import { FAILURE_PREFIX } from "../contract";
import type { StreamRecord } from "./lambda";
import type { EventParts } from "./stream-event";

/**
 * An event that the processor could not handle. The failure bucket stores it as JSON under `failures/STREAM/KEY.json`, with
 * everything that a redrive needs.
 */
export interface Failure {
  readonly v: 1;
  readonly streamId: string;
  readonly key: string;
  /** Absent when the event could not be loaded; `record` is set instead. */
  readonly event?: FailedEvent;
  /** The record of the table's stream, as delivered. */
  readonly record?: StreamRecord;
  /** Why the last attempt failed. */
  readonly error: FailureReason;
  /** Number of attempts. */
  readonly attempts: number;
  /** Epoch milliseconds of the last attempt. */
  readonly at: number;
}

export interface FailureReason {
  /** The error's `code`, or its name. */
  readonly code: string;
  readonly message: string;
  /** Where the error was thrown: files and lines, without the message. */
  readonly stack?: string;
}

export interface FailedEvent {
  readonly type: string;
  readonly id?: string;
  readonly data: string;
  /** Set when `data` is base64 because the event's bytes are not valid UTF-8. */
  readonly encoding?: "base64";
  readonly receivedAt: number;
  readonly sequence: string;
  /** Key in the bucket of data that is too large for an item; absent = the item contains the data. */
  readonly pointer?: string;
  /** True: the event was in a pack, where several events can have the same key. */
  readonly packed?: true;
}

/** One object per event: a repeated failure overwrites it. */
export function failureObjectKey({ streamId, key, event }: Pick<Failure, "streamId" | "key" | "event">): string {
  const name = event?.packed ? `${key}@${event.sequence}` : key;
  return `${failurePrefix(streamId)}${encodeURIComponent(name)}.json`;
}

/** Prefix of the failures of one stream. */
export function failurePrefix(streamId: string): string {
  return `${FAILURE_PREFIX}${encodeURIComponent(streamId)}/`;
}

export function failedEvent(parts: EventParts, pointer: string | undefined, packed: boolean): FailedEvent {
  const { type, id, data, receivedAt, sequence } = parts;
  return {
    type,
    id,
    ...(typeof data === "string" ? { data } : { data: Buffer.from(data).toString("base64"), encoding: "base64" }),
    receivedAt,
    sequence,
    pointer,
    ...(packed && { packed }),
  };
}

/** Limit for error messages, because some libraries include whole documents. */
const MAX_MESSAGE_LENGTH = 2_000;

/** Frames of the stack that are kept. */
const MAX_FRAMES = 20;

/** Code, message and stack of any thrown value. */
export function failureReason(thrown: unknown): FailureReason {
  if (!(thrown instanceof Error)) return { code: "Error", message: String(thrown).slice(0, MAX_MESSAGE_LENGTH) };
  const code = (thrown as { code?: unknown }).code;
  return {
    code: typeof code === "string" ? code : thrown.name,
    message: thrown.message.slice(0, MAX_MESSAGE_LENGTH),
    ...framesOf(thrown),
  };
}

/** The message may contain lines; those of the frames are at the end. */
function framesOf({ stack = "" }: Error): Pick<FailureReason, "stack"> {
  const frames = String(stack)
    .split("\n")
    .filter((line) => /^\s+at /.test(line))
    .slice(0, MAX_FRAMES);
  return frames.length === 0 ? {} : { stack: frames.join("\n") };
}
