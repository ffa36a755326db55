import type { LastError } from "../contract";
import type { Failure } from "./reconnect";
import type { ConnectionEnd } from "./source/outcome";

/** What the connection received before it ended. */
export interface Received {
  /** It received events that are not replays. */
  readonly newEvents: boolean;
  /** It received events and a time for the next request, with `retry:`. */
  readonly page: boolean;
  /** How long it was open. Absent: it never was. */
  readonly openMs?: number;
  /** Time since this side closed the connection before. Absent: the source closed it, or there was none. */
  readonly closedMs?: number;
}

/** The failure that decides the wait before the next attempt. */
export function failureOf(end: ConnectionEnd, { newEvents, page, openMs, closedMs }: Received): Failure {
  if (newEvents) return { kind: "delivered", openMs: openMs ?? 0 };
  if (end.kind === "ended") return { kind: "end", page };
  if (end.kind === "refused") return { kind: "http", status: end.status, retryAfterMs: end.retryAfterMs, closedMs };
  // A page instead of a stream, or a redirect that cannot be followed, counts as an HTTP error.
  if (end.kind === "not-a-stream" || (end.kind === "broken" && end.error.code === "SOURCE_STATUS"))
    return { kind: "http", status: 500 };
  return { kind: "network" };
}

/** Whether this side closed the connection: it was idle, or an event required a new one. */
export function closedByUs(end: ConnectionEnd): boolean {
  return end.kind === "control" || (end.kind === "broken" && end.error.code === "SOURCE_IDLE");
}

/** The error that the stream's status shows. */
export function lastError(end: ConnectionEnd, at: number): LastError {
  if ("error" in end)
    return {
      code: end.error.code,
      ...(end.kind === "refused" && { status: end.status }),
      message: end.error.message,
      at,
    };
  return { code: "SOURCE_BODY", message: "The source ended its response.", at };
}
