import type { LastError } from "../contract";
import type { StreamError } from "../support/errors";
import type { Failure } from "./reconnect";

/** How one connection went. */
export type ConnectionEnd =
  | { readonly kind: "stopped" }
  | { readonly kind: "completed" }
  /** Upstream ended its body. */
  | { readonly kind: "ended" }
  /** No connection, or a broken one. */
  | { readonly kind: "broken"; readonly error: StreamError }
  /** An answer that opens no stream. */
  | { readonly kind: "refused"; readonly status: number; readonly retryAfterMs?: number; readonly error: StreamError }
  /** An answer that is no stream and will not become one. */
  | { readonly kind: "failed"; readonly error: StreamError };

/** What it means for the next attempt. `page`: see {@link Failure}. */
export function failureOf(end: ConnectionEnd, page: boolean): Failure {
  if (end.kind === "ended") return { kind: "end", page };
  if (end.kind === "refused") return { kind: "http", status: end.status, retryAfterMs: end.retryAfterMs };
  // An answer that led nowhere is an HTTP error, too.
  if (end.kind === "broken" && end.error.code === "SOURCE_STATUS") return { kind: "http", status: 500 };
  return { kind: "network" };
}

/** What `status` shows of it. */
export function lastError(end: ConnectionEnd, at: number): LastError {
  if (end.kind === "broken" || end.kind === "refused" || end.kind === "failed")
    return {
      code: end.error.code,
      ...(end.kind === "refused" && { status: end.status }),
      message: end.error.message,
      at,
    };
  return { code: "SOURCE_BODY", message: "The source ended its response.", at };
}
