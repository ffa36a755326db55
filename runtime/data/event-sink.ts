/** What a decoder found, told as it finds it: no array is built for events that only pass through. */
export interface EventSink {
  /**
   * One event. `data` is text, or bytes where a line is no valid UTF-8 (a view of the chunk: copy what is kept).
   * `id` is the SSE id in force; `ownId` says that this event brought it.
   */
  event(data: string | Buffer, dataBytes: number, type: string, id: string, ownId: boolean): void;
  /** An event over the limit: its bytes were let go, `digest` is the SHA-256 (base64url) of its data. */
  refused(bytes: number, digest: string, type: string, id: string): void;
  /** The SSE id moved without an event (a block of an id alone). */
  moved(id: string): void;
  /** SSE `retry:`, in milliseconds. */
  retry(ms: number): void;
}

/** A pure feed/reset core: bytes in, events out. The same bytes give the same events however they are cut. */
export interface Decoder {
  feed(chunk: Buffer, sink: EventSink): void;
  /** The body ended. `clean` = upstream said so; a partial tail of a broken body is discarded. */
  end(clean: boolean, sink: EventSink): void;
}
