import { StreamError } from "../../support/errors";

/** The error of a connection that failed, from whatever the client threw. */
export function sourceError(cause: unknown, what = "The connection to the source failed"): StreamError {
  if (cause instanceof StreamError) return cause;
  const { code, message } = cause as { code?: string; message?: string };
  return new StreamError(
    code === "UND_ERR_CONNECT_TIMEOUT" || message === "Opening handshake has timed out"
      ? "SOURCE_TIMEOUT"
      : "SOURCE_NETWORK",
    `${what}: ${[code, message].filter(Boolean).join(" ")}`,
    { retryable: true, cause },
  );
}
