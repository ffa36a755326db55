import { isStreamId, STREAM_ID_RULE } from "../../contract";

/** The used part of an API Gateway proxy request. */
export interface ApiRequest {
  readonly method: string;
  /** The matched route, `/connections/{streamId}`, without stage or base path. */
  readonly resource: string;
  /** Percent-encoded, as API Gateway's REST APIs pass it. */
  readonly streamId?: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** An error response for the caller. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: ApiErrorCode,
    message: string,
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** All values of `code` in error responses. A test compares them with `docs/openapi.yaml`. */
export const API_ERRORS = [
  "BODY_INVALID",
  "BODY_TOO_LARGE",
  "CONNECTION_LIMIT",
  "INTERNAL",
  "METHOD_NOT_ALLOWED",
  "PAGE_INVALID",
  "ROUTE_NOT_FOUND",
  "SINGLE_STREAM",
  "STREAM_ID_INVALID",
  "STREAM_LIVE",
  "STREAM_NOT_FOUND",
  "UNAVAILABLE",
] as const;
export type ApiErrorCode = (typeof API_ERRORS)[number];

/** Enough for {"resume": false}, the only body that is accepted. */
export const MAX_BODY_BYTES = 1024;
export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 100;

/** Decodes a path segment to a stream id. Returns undefined when it is not a valid one. */
export function decodeStreamId(segment: string | null | undefined): string | undefined {
  try {
    const id = decodeURIComponent(segment ?? "");
    return isStreamId(id) ? id : undefined;
  } catch {
    return undefined; // invalid percent-encoding
  }
}

export function parseStreamId(segment: string | undefined): string {
  const id = decodeStreamId(segment);
  if (id !== undefined) return id;
  throw new ApiError(400, "STREAM_ID_INVALID", `Expected a stream id of ${STREAM_ID_RULE}, got ${shown(segment)}.`);
}

/** Parses the body of a start: empty, or `{"resume": boolean}`. */
export function parseStartBody(body: string): { readonly resume: boolean } {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BODY_BYTES)
    throw new ApiError(
      413,
      "BODY_TOO_LARGE",
      `Expected a body of at most ${MAX_BODY_BYTES} bytes, got ${bytes}. Send an empty body, or {"resume": false}.`,
    );
  if (body.trim() === "") return { resume: true };
  const value = parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidBody(body);
  const { resume = true, ...others } = value as Record<string, unknown>;
  if (typeof resume !== "boolean" || Object.keys(others).length > 0) throw invalidBody(body);
  return { resume };
}

/** Parses `limit` and `nextToken` of a list. */
export function parsePage(query: ApiRequest["query"]): { readonly limit: number; readonly after?: string } {
  const { limit = String(DEFAULT_PAGE), nextToken } = query;
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_PAGE)
    throw new ApiError(400, "PAGE_INVALID", `Expected \`limit\` to be 1..${MAX_PAGE}, got ${shown(limit)}.`);
  return { limit: Number(limit), after: nextToken === undefined ? undefined : parseToken(nextToken) };
}

/** Encodes a page token. It is opaque to callers: a release may change its format. */
export function pageToken(after: string): string {
  return Buffer.from(`1:${after}`).toString("base64url");
}

function parseToken(token: string): string {
  const after = /^1:([!-~]{1,128})$/.exec(Buffer.from(token, "base64url").toString())?.[1];
  if (after !== undefined && pageToken(after) === token) return after;
  throw new ApiError(
    400,
    "PAGE_INVALID",
    `Expected \`nextToken\` from an earlier response, got ${shown(token)}. Omit it to read the first page.`,
  );
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw invalidBody(body);
  }
}

function invalidBody(body: string): ApiError {
  return new ApiError(
    400,
    "BODY_INVALID",
    `Expected no body, or {"resume": true} or {"resume": false}, got ${shown(body)}.`,
  );
}

/** Quotes and shortens a value for an error message. JSON escapes control characters. */
export function shown(value: string | undefined): string {
  if (value === undefined || value === "") return "none";
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
}
