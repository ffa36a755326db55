import { StreamError } from "../support/errors";

/** One stored event of a stream. */
export interface StreamEvent<T = unknown> {
  readonly streamId: string;
  /** Identifies the event: equal events have equal keys. Use it as the idempotency key. */
  readonly key: string;
  /** SSE event type; "message" for lines, and when the source set none. */
  readonly type: string;
  /** The SSE `id`, if the source sent one. */
  readonly id?: string;
  /** The event's text. If the bytes are not valid UTF-8 (see `binary`), each invalid sequence is replaced by U+FFFD. */
  readonly data: string;
  /** The event's bytes, as received. */
  readonly bytes: Uint8Array;
  /** True when the bytes are not valid UTF-8: use `bytes` instead of `data`. */
  readonly binary: boolean;
  /** Epoch milliseconds at which the relay decoded it. */
  readonly receivedAt: number;
  /** `generation.connection.counter`: orders the events of one connection. */
  readonly sequence: string;
  /**
   * `generation.connection`: which connection brought the event. Where it changes, an upstream that sends a snapshot and then the
   * changes to it starts anew.
   */
  readonly connection: string;
  /**
   * The data parsed as JSON; with a `schema` option, that schema's output.
   * Throws `VALIDATION_FAILED` (not retried) when the data is not JSON.
   */
  json(): T;
}

/** The stored fields of an event. {@link StreamEvent} derives its views of the data from them. */
export interface EventParts {
  readonly streamId: string;
  readonly key: string;
  readonly type: string;
  readonly id?: string;
  /** Bytes only when they are not valid UTF-8. */
  readonly data: string | Uint8Array;
  readonly receivedAt: number;
  readonly sequence: string;
}

export function streamEvent<T>(parts: EventParts, json: () => T = () => parseJson(parts) as T): StreamEvent<T> {
  const { data, ...rest } = parts;
  return {
    ...rest,
    connection: rest.sequence.slice(0, Math.max(0, rest.sequence.lastIndexOf("."))),
    binary: typeof data !== "string",
    // Most events are text and are read as text, so the other view is created only on access.
    get data() {
      return typeof data === "string" ? data : new TextDecoder().decode(data);
    },
    get bytes() {
      return typeof data === "string" ? new TextEncoder().encode(data) : data;
    },
    json,
  };
}

function parseJson({ data, key, streamId }: EventParts): unknown {
  const name = `event ${key} of stream "${streamId}"`;
  if (typeof data !== "string")
    throw new StreamError(
      "VALIDATION_FAILED",
      `Expected ${name} to be JSON, got bytes that are not valid UTF-8. Read them from \`event.bytes\`.`,
    );
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new StreamError(
      "VALIDATION_FAILED",
      `Expected ${name} to be JSON, got text that does not parse: ${(cause as Error).message}. Read the text from \`event.data\`.`,
      { cause },
    );
  }
}
