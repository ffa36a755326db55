/** Receives what a decoder finds, one call per event, so that no array is built. */
export interface EventSink {
  /**
   * One event. `data` is text, or bytes where a line is not valid UTF-8 (a view of the chunk: copy it to keep it).
   * `id` is the current SSE id; `ownId` is true when this event set it.
   */
  event(data: string | Buffer, dataBytes: number, type: string, id: string, ownId: boolean): void;
  /**
   * An event that has passed the size limit: called once, while the rest may still arrive. `digest` is from {@link headDigest},
   * `type` and `id` are those known so far.
   */
  refused(digest: string, type: string, id: string): void;
  /** A value of a JSON sequence that cannot be read: `digest` is the SHA-256 (base64url) of its first 1,024 bytes. */
  malformed(bytes: number, digest: string): void;
  /** The SSE id changed without an event: a block with only an id, or with an event over the limit. */
  idChanged(id: string): void;
  /** An SSE id is too long to be stored and sent back. The previous one stays. */
  idRefused(): void;
  /** SSE `retry:`, in milliseconds. */
  retry(ms: number): void;
}

/** Bytes in, events out. The same bytes give the same events, whatever the chunk boundaries. */
export interface Decoder {
  feed(chunk: Buffer, sink: EventSink): void;
  /** The body ended. `clean` = the source ended it; otherwise a partial line at the end is discarded. */
  end(clean: boolean, sink: EventSink): void;
  /**
   * How the bytes begin that were received after the last event or heartbeat, and are neither so far: an unfinished event, or
   * lines that the format ignores. Undefined: there are none.
   */
  unread(): Buffer | undefined;
  /** Bytes of memory that the unfinished event occupies. */
  held(): number;
}
