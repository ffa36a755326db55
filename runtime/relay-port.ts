import type { Counters, LastError, Storage, StreamHealth, StreamHistory } from "./contract";

/**
 * The relay of one stream, as the control plane uses it. The data plane implements it and the handlers connect the two, so
 * that neither imports the other.
 */
export interface Relay {
  /**
   * Connects and reconnects until `signal` aborts or the stream ends, then drains and resolves with the reason. Does not reject
   * on errors of the upstream or the event table.
   */
  run(): Promise<RelayOutcome>;
  /** The current state. Cheap: called at every renew. */
  snapshot(): RelaySnapshot;
}

export interface RelayOptions {
  readonly streamId: string;
  /** First part of every event's sequence. */
  readonly generation: number;
  /** Position to resume from. Absent: from now. */
  readonly checkpoint?: string;
  /** Sequence of the event that has this position, as the row has it. */
  readonly checkpointSequence?: string;
  /** How the predecessor stored events. @default "each" */
  readonly predecessorStorage?: Storage;
  /** Partition keys of the stream now, as the row has it. Undefined or absent: those of the settings. */
  readonly slices?: () => number | undefined;
  /** When packs may be written. Absent: at any time. */
  readonly storing?: Storing;
  /** Consecutive failed attempts so far: the backoff continues from the previous hop. */
  readonly attempt: number;
  /** What earlier connections showed, as the row has it. */
  readonly history: StreamHistory;
  /** A response head that takes this long is late. */
  readonly lateHeadMs: number;
  /** As the row has it. */
  readonly health: StreamHealth;
  /** On abort, the relay stops reading at once, stores what it read and resolves with `stopped`. */
  readonly signal: AbortSignal;
  /** When the predecessor closed its connection in a handover by break, in epoch ms. The source may still count that connection. */
  readonly predecessorClosedAt?: number;
  /** Epoch ms. Reading, waits and request timeouts end here at the latest. */
  readonly stopReadingAt: number;
  /** Epoch ms. Events not stored by then are counted as abandoned. */
  readonly drainUntil: number;
  /** True: a 409, 420 or 429 before the first byte ends the run as `refused`. False: the normal retry policy. Called for each response. */
  readonly singleAttempt: () => boolean;
  /** Called before every connection but the first. False: the relay drains and resolves with `stopped`. */
  readonly mayReconnect: () => Promise<boolean>;
  readonly onProgress: (progress: RelayProgress) => void;
}

/** When the hop may write packs: between the last write of its predecessor and the end of its lease. */
export interface Storing {
  /** Resolves to true when no other hop writes any more; to false when this hop left without the lease. */
  readonly ready: Promise<boolean>;
  /** Epoch ms. No write starts later. */
  readonly until: () => number;
  /** A write that has started ends within this time. */
  readonly requestMs: number;
}

export type RelayProgress =
  /** A request was sent. */
  | { readonly kind: "sent"; readonly at: number }
  /** A response with a success status. */
  | { readonly kind: "open"; readonly at: number }
  /** First body byte of a connection. */
  | { readonly kind: "first-byte"; readonly at: number }
  /** A stream without a checkpoint has one now. */
  | { readonly kind: "checkpoint"; readonly at: number }
  /** Either side closed the connection. */
  | { readonly kind: "closed"; readonly at: number };

export type RelayOutcome =
  /** The signal aborted, `stopReadingAt` passed, or `mayReconnect` returned false. Drained. */
  | { readonly kind: "stopped" }
  /** The upstream ended the stream with a 204. */
  | { readonly kind: "completed" }
  /** Permanent: 401, 403, 404, 410, or a response that is not a stream. Where the stream was open before: for 30 minutes. */
  | { readonly kind: "failed"; readonly error: LastError }
  /** The next attempt is too far ahead to wait for in a running invocation. */
  | { readonly kind: "waiting"; readonly retryAt: number; readonly attempt: number; readonly error: LastError }
  /** Only under `singleAttempt`. `retryAt` is set when the upstream sent a Retry-After. */
  | { readonly kind: "refused"; readonly status: number; readonly retryAt?: number };

export interface RelaySnapshot {
  /** Highest position before which every event is settled; initially {@link RelayOptions.checkpoint}. Absent: none, or refused by the upstream. */
  readonly checkpoint?: string;
  readonly checkpointSequence?: string;
  /** Counted since `run` was called. */
  readonly counters: Counters;
  readonly attempt: number;
  readonly retryAt?: number;
  readonly connectedSince?: number;
  readonly firstByteAt?: number;
  readonly lastByteAt?: number;
  /** Version of the secret that the last connection used. */
  readonly secretVersion?: string;
  /** Whether the request of the last connection was without the stream id. */
  readonly sharedRequest?: boolean;
  readonly lastError?: LastError;
  readonly history: StreamHistory;
  readonly health: StreamHealth;
}
