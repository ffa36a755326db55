import type { Counters, LastError } from "./contract";

/**
 * What the control plane needs from a relay of one stream. The data plane offers it, the handlers join the two:
 * neither imports the other.
 */
export interface Relay {
  /** Runs connection after connection until `signal` aborts or the stream ends, drains, and says why it left. Never rejects for anything upstream or the table did. */
  run(): Promise<RelayOutcome>;
  /** What is true now; cheap, called at every renew. */
  snapshot(): RelaySnapshot;
}

export interface RelayOptions {
  readonly streamId: string;
  /** Goes into every event's sequence. */
  readonly generation: number;
  /** Position to resume from; undefined = from now. */
  readonly checkpoint?: string;
  /** Failed attempts in a row, from the row: the backoff goes on where the last hop left it. */
  readonly attempt: number;
  /** Aborted: stop reading at once, drain what was read, resolve `stopped`. */
  readonly signal: AbortSignal;
  /** Epoch ms: reading, waits and request timeouts end here whatever happens. */
  readonly stopReadingAt: number;
  /** Epoch ms: what is not stored by then is counted as abandoned. */
  readonly drainUntil: number;
  /** True: one attempt; 409, 420 or 429 before the first byte end the run as `refused`. False: the normal reconnect policy. Asked at each answer. */
  readonly singleAttempt: () => boolean;
  /** Asked before every connection but the first; false = drain and leave as `stopped`. */
  readonly mayReconnect: () => Promise<boolean>;
  readonly onProgress: (progress: RelayProgress) => void;
}

export type RelayProgress =
  /** Good status and headers arrived. */
  | { readonly kind: "open"; readonly at: number }
  /** First body byte of a connection. */
  | { readonly kind: "first-byte"; readonly at: number }
  /** The connection ended, by whichever side. */
  | { readonly kind: "closed"; readonly at: number };

export type RelayOutcome =
  /** The signal aborted, stopReadingAt came, or mayReconnect said no. Drained. */
  | { readonly kind: "stopped" }
  /** 204: upstream says there is no more. */
  | { readonly kind: "completed" }
  /** For good: 401, 403, 404, 410, or an answer that is no stream. */
  | { readonly kind: "failed"; readonly error: LastError }
  /** The next attempt lies too far ahead to be waited for by a running Lambda. */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly attempt: number; readonly error: LastError }
  /** Only under `singleAttempt`. `retryAt` only when the upstream named a time (Retry-After). */
  | { readonly kind: "refused"; readonly status: number; readonly retryAt?: number };

export interface RelaySnapshot {
  /** Highest position before which everything is settled; begins as {@link RelayOptions.checkpoint}. Absent = none, or the upstream refused it. */
  readonly checkpoint?: string;
  /** Since this run began. */
  readonly counters: Counters;
  readonly attempt: number;
  readonly retryAt?: number;
  readonly connectedSince?: number;
  readonly firstByteAt?: number;
  readonly lastByteAt?: number;
  /** Version of the secret the last connection used. */
  readonly secretVersion?: string;
  readonly lastError?: LastError;
  /** Events read and not yet settled. */
  readonly buffered: number;
}
