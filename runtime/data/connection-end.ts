import type { LastError } from "../contract";
import type { StreamError } from "../support/errors";
import type { Failure } from "./reconnect";

/** How one connection ended. */
export type ConnectionEnd =
  | { readonly kind: "stopped" }
  | { readonly kind: "completed" }
  /** The source ended the body. */
  | { readonly kind: "ended" }
  /** An event that `source.on` names ended it. */
  | {
      readonly kind: "control";
      readonly action: "reconnect" | "lose-position" | "refresh-credential";
      readonly error: StreamError;
    }
  /** The connection failed or was lost. */
  | { readonly kind: "broken"; readonly error: StreamError }
  /** The source answered with a status that does not open a stream. */
  | { readonly kind: "refused"; readonly status: number; readonly retryAfterMs?: number; readonly error: StreamError }
  /** The response is not a stream, and a retry does not change that. */
  | { readonly kind: "failed"; readonly error: StreamError };

/** The failure that decides the wait before the next attempt. `page`: see {@link Failure}. */
export function failureOf(end: ConnectionEnd, page: boolean): Failure {
  if (end.kind === "ended") return { kind: "end", page };
  if (end.kind === "refused") return { kind: "http", status: end.status, retryAfterMs: end.retryAfterMs };
  // A redirect that cannot be followed counts as an HTTP error.
  if (end.kind === "broken" && end.error.code === "SOURCE_STATUS") return { kind: "http", status: 500 };
  return { kind: "network" };
}

/** The error that the stream's status shows. */
export function lastError(end: ConnectionEnd, at: number): LastError {
  if (end.kind === "broken" || end.kind === "refused" || end.kind === "failed" || end.kind === "control")
    return {
      code: end.error.code,
      ...(end.kind === "refused" && { status: end.status }),
      message: end.error.message,
      at,
    };
  return { code: "SOURCE_BODY", message: "The source ended its response.", at };
}
