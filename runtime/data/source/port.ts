import type { SourceSecret } from "../../contract";
import type { StreamError } from "../../support/errors";
import type { Decoder } from "../event-sink";

/**
 * Opens connections to the source of one stream. Each transport (HTTP, WebSocket) implements it. The relay, the writer and the
 * handover use this port only, so they are the same for every transport.
 */
export interface Source {
  /**
   * Connects once. Resolves with the source's answer, whatever it is.
   * @throws StreamError SOURCE_NETWORK, SOURCE_TIMEOUT, SOURCE_STATUS (a redirect that cannot be followed), SOURCE_FORMAT,
   * CONFIG_INVALID. Its message contains no secret.
   */
  open(request: OpenRequest): Promise<Answer>;
  /** The source refused the credential. Returns whether the next request has another one, although the secret is the same. */
  discardCredential(): boolean;
  /** Closes what is kept between connections. */
  close(): Promise<void>;
}

export interface OpenRequest {
  readonly secret: SourceSecret;
  /** Position to resume from. Absent: from now. */
  readonly position: string | undefined;
  /** Ask for a compressed response. */
  readonly compressed: boolean;
  /** Called when the request is sent, or each time it is sent again. A transport whose head cannot be late does not call it. */
  readonly onSent?: () => void;
  /** Aborted: the attempt ends, and a connection that is open closes. */
  readonly signal: AbortSignal;
}

export type Answer = { readonly kind: "stream"; readonly connection: OpenConnection } | Refusal;

/** Any other answer. A transport without HTTP statuses uses the status with the same meaning. */
export interface Refusal {
  readonly kind: "refused";
  readonly status: number;
  readonly retryAfterMs?: number;
  readonly error: StreamError;
}

/** One open connection. */
export interface OpenConnection {
  /**
   * Bytes, or one message at a time, as {@link decoder} expects them. While nothing is read, the socket is not read either. Ends
   * when the source ends the stream; throws a StreamError when the connection is lost.
   */
  readonly chunks: AsyncIterable<Buffer>;
  /** Cuts the chunks into events. */
  readonly decoder: Decoder;
  /** Whether the end of `chunks` proves that the last event is complete. */
  readonly endsClean: boolean;
  /** After `chunks` ended: why the source closed the connection, where it gave a reason. Absent: it only ends the stream. */
  refusal?(): Refusal | undefined;
  /** `text` without the secrets of the request. */
  redact(text: string): string;
  /** Closes the connection. A pending read then throws `error`. Called twice: the second call does nothing. */
  close(error?: Error): void;
}
