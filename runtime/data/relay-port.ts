import type { Counters, LastError } from "../contract";

/** Same shapes as control's port, which a test compares: neither plane imports the other. */
export interface Relay {
  run(): Promise<RelayOutcome>;
  snapshot(): RelaySnapshot;
}

export interface RelayOptions {
  readonly streamId: string;
  readonly generation: number;
  readonly checkpoint?: string;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly stopReadingAt: number;
  readonly drainUntil: number;
  readonly singleTry: () => boolean;
  readonly mayReconnect: () => Promise<boolean>;
  readonly onProgress: (progress: RelayProgress) => void;
}

export type RelayProgress = { readonly kind: "open" | "first-byte" | "closed"; readonly at: number };

export type RelayOutcome =
  | { readonly kind: "stopped" }
  | { readonly kind: "completed" }
  | { readonly kind: "failed"; readonly error: LastError }
  | { readonly kind: "waiting"; readonly retryAt: number; readonly attempt: number; readonly error: LastError }
  | { readonly kind: "refused"; readonly status: number; readonly retryAt?: number };

export interface RelaySnapshot {
  readonly checkpoint?: string;
  readonly counters: Counters;
  readonly attempt: number;
  readonly retryAt?: number;
  readonly connectedSince?: number;
  readonly firstByteAt?: number;
  readonly lastByteAt?: number;
  readonly secretVersion?: string;
  readonly lastError?: LastError;
  readonly buffered: number;
}
