import { backoffMs } from "../support/backoff";

/** Why a connection ended or was not established. */
export type Failure =
  /** It delivered events that are not replays, and was open for `openMs`. However it ended, this was no failed attempt. */
  | { readonly kind: "delivered"; readonly openMs: number }
  /** The source ended a complete body. `page`: it sent events and set the next request time with `retry:`. */
  | { readonly kind: "end"; readonly page: boolean }
  | { readonly kind: "network" }
  | {
      readonly kind: "http";
      readonly status: number;
      readonly retryAfterMs?: number;
      /** Time since this side closed its last connection. */
      readonly closedMs?: number;
    };

export interface ReconnectState {
  /** Consecutive failed attempts. */
  readonly attempt: number;
  /** The last SSE `retry:` value. */
  readonly serverRetryMs?: number;
}

export interface Reconnect {
  readonly delayMs: number;
  readonly attempt: number;
}

/** A connection that lasts this long resets the count of failed attempts. */
export const HEALTHY_MS = 60_000;
/** Connections that deliver events are opened this far apart: a source that ends each response is not asked in a busy loop. */
const DELIVERED_INTERVAL_MS = 1_000;
/** Bounds for the server's `retry:`. 0 must not cause a busy loop, and a huge value must not stop the stream. */
const RETRY_FLOOR_MS = 250;
const RETRY_CEILING_MS = 320_000;
const RETRY_AFTER_CEILING_MS = 24 * 3_600_000;

/**
 * Computes the wait before the next attempt. After a connection that delivered events: none, but a second between two starts.
 * After one that delivered nothing: none after the first network error, then 250 ms to 16 s; 5 s to 320 s after HTTP
 * errors; at least 60 s after rate limits, unless this side closed a connection seconds before. Applies the cap first, then full jitter. The policy follows the reconnect rules of the
 * X API. `Retry-After` and `retry:` are lower bounds.
 */
export function nextReconnect(state: ReconnectState, failure: Failure, random: () => number): Reconnect {
  const { attempt, serverRetryMs } = state;
  const floorMs = serverRetryMs === undefined ? 0 : Math.min(RETRY_CEILING_MS, Math.max(RETRY_FLOOR_MS, serverRetryMs));
  if (failure.kind === "delivered") {
    const sinceStartMs = Math.max(0, DELIVERED_INTERVAL_MS - failure.openMs);
    return { delayMs: serverRetryMs === undefined ? sinceStartMs : floorMs, attempt: 0 };
  }
  if (failure.kind === "end" && failure.page) return { delayMs: floorMs, attempt };
  if (failure.kind === "http") {
    const soon = retryAfterClose(failure);
    if (soon !== undefined) return { delayMs: Math.max(floorMs, soon), attempt };
    const afterMs = Math.min(RETRY_AFTER_CEILING_MS, failure.retryAfterMs ?? 0);
    const ownMs =
      failure.status === 429 || failure.status === 420
        ? failure.retryAfterMs === undefined
          ? 60_000 + backoffMs(attempt, 60_000, 900_000, random)
          : 0
        : backoffMs(attempt, 5_000, 320_000, random);
    return { delayMs: Math.max(floorMs, afterMs, ownMs), attempt: attempt + 1 };
  }
  const ownMs = attempt === 0 ? 0 : backoffMs(attempt - 1, 250, 16_000, random);
  return { delayMs: Math.max(floorMs, ownMs), attempt: attempt + 1 };
}

/** Times of the attempts after our own close: 1, 2, 5 and 10 s apart. */
const AFTER_CLOSE_MS = [1_000, 3_000, 8_000, 18_000];

/** A server that allows one connection may count one that we just closed. It is asked again soon, unless it names a time. */
function retryAfterClose(failure: Extract<Failure, { kind: "http" }>): number | undefined {
  const { status, retryAfterMs, closedMs } = failure;
  if (![409, 420, 429].includes(status) || retryAfterMs !== undefined || closedMs === undefined) return undefined;
  const next = AFTER_CLOSE_MS.find((at) => at > closedMs);
  return next === undefined ? undefined : next - closedMs;
}
