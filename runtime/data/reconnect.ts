import { backoffMs } from "../support/backoff";

/** Why there is no connection (any more). */
export type Failure =
  /** Upstream ended a good body. `page`: it had sent events and said with `retry:` when to come back. */
  | { readonly kind: "end"; readonly page: boolean }
  | { readonly kind: "network" }
  | { readonly kind: "http"; readonly status: number; readonly retryAfterMs?: number };

export interface ReconnectState {
  /** Failed attempts in a row. */
  readonly attempt: number;
  /** SSE `retry:` as last seen. */
  readonly serverRetryMs?: number;
}

export interface Reconnect {
  readonly delayMs: number;
  readonly attempt: number;
}

/** After this long a connection has proved itself: failures before it are forgotten. */
export const HEALTHY_MS = 60_000;
/** A server's `retry: 0` must not make a hot loop, nor a huge one a dead stream. */
const RETRY_FLOOR_MS = 250;
const RETRY_CEILING_MS = 320_000;
const RETRY_AFTER_CEILING_MS = 24 * 3_600_000;

/**
 * The reconnect policy as a value: at once the first time, then network errors 250 ms…16 s, HTTP errors 5 s…320 s, rate limits
 * from 60 s; the cap first, then full jitter. After X's reconnect contract. `Retry-After` and `retry:` are lower bounds.
 */
export function nextReconnect(state: ReconnectState, failure: Failure, random: () => number): Reconnect {
  const { attempt } = state;
  const asked = state.serverRetryMs;
  const floorMs = asked === undefined ? 0 : Math.min(RETRY_CEILING_MS, Math.max(RETRY_FLOOR_MS, asked));
  if (failure.kind === "end" && failure.page) return { delayMs: floorMs, attempt };
  if (failure.kind === "http") {
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

/** What a status means for the stream. */
export type Verdict = "stream" | "completed" | "failed" | "retry";

export function judgeStatus(status: number): Verdict {
  if (status === 200) return "stream";
  if (status === 204) return "completed";
  if (status === 401 || status === 403 || status === 404 || status === 410) return "failed";
  // Another success is an answer, but not an endless one: asking again would not change it.
  return status < 300 ? "failed" : "retry";
}

/** Statuses that can mean «I do not know this position»: asked once more without it. */
export function mayMeanLostPosition(status: number): boolean {
  return [400, 404, 409, 410, 412, 416, 422].includes(status);
}

/** `Retry-After`: seconds or an HTTP date. */
export function retryAfterMs(value: string | undefined, now: number): number | undefined {
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value.trim())) return Number(value) * 1_000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
