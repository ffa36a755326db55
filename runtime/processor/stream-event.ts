import { StreamError } from "../support/errors";

/** One event of an upstream, as it was stored: the thing a processor is written for. */
export interface StreamEvent<T = unknown> {
  readonly streamId: string;
  /** Names this event for ever: equal events have equal keys. The idempotency key of whatever a handler does with it. */
  readonly key: string;
  /** SSE event type; "message" where upstream named none, and for lines. */
  readonly type: string;
  /** The upstream's own id (SSE `id`), where it sent one. */
  readonly id?: string;
  /** The event's text. Where upstream sent bytes that are no UTF-8 (see `binary`), each bad sequence reads as U+FFFD. */
  readonly data: string;
  /** The event's bytes, as received. */
  readonly bytes: Uint8Array;
  /** True where `bytes` are no valid UTF-8: read `bytes` then, not `data`. */
  readonly binary: boolean;
  /** Epoch milliseconds at which the relay decoded it. */
  readonly receivedAt: number;
  /** `generation.connection.counter`: orders the events of one connection. */
  readonly sequence: string;
  /**
   * The data parsed as JSON; with a `schema` option, that schema's output.
   * Throws `VALIDATION_FAILED` (not tried again) where the data is no JSON.
   */
  json(): T;
}

/** What an event is made of; the views of its data are derived. */
export interface EventParts {
  readonly streamId: string;
  readonly key: string;
  readonly type: string;
  readonly id?: string;
  /** Bytes only where they are no valid UTF-8. */
  readonly data: string | Uint8Array;
  readonly receivedAt: number;
  readonly sequence: string;
}

export function streamEvent<T>(parts: EventParts, json: () => T = () => parseJson(parts) as T): StreamEvent<T> {
  const { data, ...rest } = parts;
  return {
    ...rest,
    binary: typeof data !== "string",
    // Most events are text, and read as text: the other view is made for those who ask.
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
      `Expected ${name} to be JSON, got bytes that are no UTF-8; event.bytes has them`,
    );
  try {
    return JSON.parse(data);
  } catch (cause) {
    throw new StreamError(
      "VALIDATION_FAILED",
      `Expected ${name} to be JSON (${(cause as Error).message}); event.data has its text`,
      { cause },
    );
  }
}
