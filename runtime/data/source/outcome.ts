import type { StreamHistory } from "../../contract";
import type { StreamError } from "../../support/errors";

/** How one connection ended. */
export type ConnectionEnd =
  | { readonly kind: "stopped" }
  /** The source ended the response. */
  | { readonly kind: "ended" }
  /** The stream is complete: the response ended, or an event said so, and the settings give that this meaning. */
  | { readonly kind: "completed" }
  /** An event that `source.on` names ended the connection. */
  | {
      readonly kind: "control";
      readonly action: "reconnect" | "lose-position" | "refresh-credential" | "fail";
      readonly error: StreamError;
    }
  /** The connection failed or was lost. */
  | { readonly kind: "broken"; readonly error: StreamError }
  /** The source answered with a status that does not open a stream. */
  | { readonly kind: "refused"; readonly status: number; readonly retryAfterMs?: number; readonly error: StreamError }
  /** The response is not a stream. */
  | { readonly kind: "not-a-stream"; readonly error: StreamError }
  /** The settings or the secret cannot be used. The source was not asked. */
  | { readonly kind: "unusable"; readonly error: StreamError };

/** What a connection's end means for the stream. */
export type Outcome = "stopped" | "completed" | "failed" | "retry";

/** What a status means. `permanent`: a retry does not change it, unless the source is about to change. */
export type StatusMeaning = "stream" | "completed" | "permanent" | "retry";

export function classifyStatus(status: number): StatusMeaning {
  if (status === 200) return "stream";
  if (status === 204) return "completed";
  if (status === 401 || status === 403 || status === 404 || status === 410) return "permanent";
  // Any other 2xx is not an endless response, and a retry does not change that.
  return status < 300 ? "permanent" : "retry";
}

/** Statuses that can mean that the source does not know the position. The relay retries once without it. */
export function mayMeanLostPosition(status: number): boolean {
  return [400, 404, 409, 410, 412, 416, 422].includes(status);
}

/**
 * A stream that was open before fails only after this time of the same permanent answer: a proxy that is deployed again answers
 * 404 or with a page for some minutes.
 */
export const PERMANENT_AFTER_MS = 30 * 60_000;

/**
 * The decision table: what the end of a connection means for the stream, and the history after it.
 *
 * | end                             | never open before | open before                                           |
 * | ------------------------------- | ----------------- | ----------------------------------------------------- |
 * | 204, complete                   | completed         | completed                                             |
 * | 401 (with the current secret)   | failed            | failed                                                |
 * | 403, 404, 410, not a stream     | failed            | retry; failed after 30 minutes of the same answer     |
 * | any other status                | retry             | retry                                                 |
 * | ended, lost, no answer          | retry             | retry                                                 |
 * | an event that means `fail`      | failed            | failed                                                |
 * | settings that cannot be used    | failed            | failed                                                |
 */
export function decideOutcome(
  end: ConnectionEnd,
  history: StreamHistory,
  now: number,
): { readonly outcome: Outcome; readonly history: StreamHistory } {
  if (end.kind === "stopped") return { outcome: "stopped", history };
  if (end.kind === "completed") return { outcome: "completed", history };
  if (end.kind === "unusable" || (end.kind === "control" && end.action === "fail"))
    return { outcome: "failed", history };
  // No answer at all does not contradict an earlier permanent answer.
  if (end.kind === "ended" || end.kind === "broken" || end.kind === "control") return { outcome: "retry", history };
  const meaning = end.kind === "refused" ? classifyStatus(end.status) : "permanent";
  if (meaning === "completed") return { outcome: "completed", history };
  if (meaning !== "permanent") return { outcome: "retry", history: { ...history, refusal: undefined } };
  const answer = end.kind === "refused" ? String(end.status) : end.error.code;
  const refusal = history.refusal?.answer === answer ? history.refusal : { answer, since: now };
  const isFinal = history.openedAt === undefined || answer === "401" || now - refusal.since >= PERMANENT_AFTER_MS;
  return { outcome: isFinal ? "failed" : "retry", history: { ...history, refusal } };
}

/** The history after a connection is open. */
export function opened(history: StreamHistory, now: number): StreamHistory {
  return { ...history, openedAt: history.openedAt ?? now, refusal: undefined };
}
