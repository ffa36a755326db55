/** How a WebSocket server's close code is read: as the end of the stream, a lost connection, or the HTTP status with the same meaning. */
export type CloseMeaning =
  | { readonly kind: "ended" }
  | { readonly kind: "lost" }
  | { readonly kind: "refused"; readonly status: number };

/** https://www.iana.org/assignments/websocket/websocket.xhtml#close-code-number */
const STATUSES: Readonly<Record<number, number>> = {
  // Unsupported data, invalid payload, policy violation, message too big: what this client sent is refused.
  1003: 400,
  1007: 400,
  1008: 403,
  1009: 413,
  1011: 500,
  1012: 503,
  1013: 503,
  1014: 502,
  3000: 401,
  3003: 403,
  3008: 408,
};

/** Private codes: many services use 4000 plus the HTTP status. */
const PRIVATE = 4_000;

export function classifyCloseCode(code: number): CloseMeaning {
  // Normal closure, going away, a close frame without a code.
  if (code === 1000 || code === 1001 || code === 1005) return { kind: "ended" };
  const status = STATUSES[code] ?? (code >= PRIVATE + 400 && code < PRIVATE + 600 ? code - PRIVATE : undefined);
  return status === undefined ? { kind: "lost" } : { kind: "refused", status };
}
