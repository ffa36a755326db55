import { isStreamId } from "../../contract";

/** A request as API Gateway's Lambda proxy hands it over, cut to what is used. */
export interface ApiRequest {
  readonly method: string;
  /** The matched template, `/connections/{streamId}`: it stays the same under a stage or a custom domain's base path. */
  readonly resource: string;
  /** As it arrived: API Gateway's REST APIs leave the percent-encoding in. */
  readonly streamId?: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

/** Why a request is refused before anything was read or written. */
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

/** Every `code` of an error answer; `docs/openapi.yaml` lists the same. */
export const API_ERRORS = [
  "BODY_INVALID",
  "BODY_TOO_LARGE",
  "INTERNAL",
  "METHOD_NOT_ALLOWED",
  "PAGE_INVALID",
  "ROUTE_NOT_FOUND",
  "STREAM_ID_INVALID",
  "STREAM_LIVE",
  "STREAM_NOT_FOUND",
  "UNAVAILABLE",
] as const;
export type ApiErrorCode = (typeof API_ERRORS)[number];

/** The only body there is holds one boolean. */
export const MAX_BODY_BYTES = 1024;
export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 100;

/** The stream id of a path segment, or undefined for one outside the alphabet, however it was encoded. */
export function decodeStreamId(segment: string | null | undefined): string | undefined {
  try {
    const id = decodeURIComponent(segment ?? "");
    return isStreamId(id) ? id : undefined;
  } catch {
    return undefined; // a stray % is one more way to be outside the alphabet
  }
}

export function parseStreamId(segment: string | undefined): string {
  const id = decodeStreamId(segment);
  if (id !== undefined) return id;
  throw new ApiError(
    400,
    "STREAM_ID_INVALID",
    `Expected a stream id of 1 to 128 characters out of A-Z a-z 0-9 . _ : @ - and neither "." nor "..", got ${shown(segment)}.`,
  );
}

/** Body of a start: nothing at all, or `{"resume": boolean}`. */
export function parseStartBody(body: string): { readonly resume: boolean } {
  const bytes = Buffer.byteLength(body);
  if (bytes > MAX_BODY_BYTES)
    throw new ApiError(
      413,
      "BODY_TOO_LARGE",
      `Expected a body of at most ${MAX_BODY_BYTES} bytes, got ${bytes}. Send nothing, or {"resume": false}.`,
    );
  if (body.trim() === "") return { resume: true };
  const value = parseJson(body);
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalidBody(body);
  const { resume = true, ...others } = value as Record<string, unknown>;
  if (typeof resume !== "boolean" || Object.keys(others).length > 0) throw invalidBody(body);
  return { resume };
}

/** `limit` and `nextToken` of a list. */
export function parsePage(query: ApiRequest["query"]): { readonly limit: number; readonly after?: string } {
  const { limit = String(DEFAULT_PAGE), nextToken } = query;
  if (!/^\d{1,3}$/.test(limit) || Number(limit) < 1 || Number(limit) > MAX_PAGE)
    throw new ApiError(400, "PAGE_INVALID", `Expected \`limit\` to be 1..${MAX_PAGE}, got ${shown(limit)}.`);
  return { limit: Number(limit), after: nextToken === undefined ? undefined : parseToken(nextToken) };
}

/** A page's token is opaque to callers: its shape may change with any release. */
export function pageToken(after: string): string {
  return Buffer.from(`1:${after}`).toString("base64url");
}

function parseToken(token: string): string {
  const after = /^1:([!-~]{1,128})$/.exec(Buffer.from(token, "base64url").toString())?.[1];
  if (after !== undefined && pageToken(after) === token) return after;
  throw new ApiError(
    400,
    "PAGE_INVALID",
    `Expected \`nextToken\` as an earlier answer gave it, got ${shown(token)}. Leave it out to begin at the first page.`,
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

/** What was seen, quoted, so that no control character leaves through an error, and short. */
function shown(value: string | undefined): string {
  if (value === undefined || value === "") return "none";
  return JSON.stringify(value.length > 64 ? `${value.slice(0, 64)}…` : value);
}
