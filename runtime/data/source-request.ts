import type { RelaySettings, SourceSecret } from "../contract";
import { StreamError } from "../support/errors";

export interface SourceRequest {
  readonly url: URL;
  readonly headers: Record<string, string>;
  /** Headers that name nobody: all that a redirect to another origin may carry. */
  readonly publicHeaders: Record<string, string>;
  /** Everything that must not appear in a message. */
  readonly secrets: readonly string[];
}

/** Headers that belong to the connection or to us: a secret that sets them would break framing or decoding. */
const OWN_HEADERS = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade"]);

/** The request for one stream. Pure. @throws StreamError CONFIG_INVALID, never naming a secret value */
export function sourceRequest(
  secret: SourceSecret,
  source: RelaySettings["source"],
  streamId: string,
  position: string | undefined,
): SourceRequest {
  const url = sourceUrl(secret, streamId);
  for (const [name, value] of Object.entries(secret.query ?? {})) url.searchParams.set(name, value);
  const publicHeaders: Record<string, string> = {
    accept: accept(source.format),
    "accept-encoding": "gzip, br, zstd",
    "cache-control": "no-cache",
    "user-agent": "stream-ingestion",
  };
  const own: Record<string, string> = {};
  for (const [name, value] of Object.entries(secret.headers ?? {})) {
    if (!OWN_HEADERS.has(name.toLowerCase()))
      own[name.toLowerCase()] = headerValue(value, `header ${name} of the source`);
  }
  const { auth, resume } = source;
  if (secret.key) {
    if (auth.kind === "bearer") own.authorization = `Bearer ${headerValue(secret.key, "the source's key")}`;
    if (auth.kind === "header") own[auth.name.toLowerCase()] = headerValue(secret.key, "the source's key");
    if (auth.kind === "query") url.searchParams.set(auth.name, secret.key);
  }
  if (position !== undefined && position !== "") {
    if (resume.kind === "last-event-id") publicHeaders["last-event-id"] = headerValue(position, "the stored position");
    if (resume.kind === "header")
      publicHeaders[resume.name.toLowerCase()] = headerValue(position, "the stored position");
    if (resume.kind === "query") url.searchParams.set(resume.name, position);
  }
  const secrets = [
    secret.key,
    ...Object.values(secret.headers ?? {}),
    ...Object.values(secret.query ?? {}),
    ...secret.path.split("{streamId}"),
    url.host,
    url.hostname,
  ];
  return {
    url,
    headers: { ...publicHeaders, ...own },
    publicHeaders,
    secrets: secrets.filter((value): value is string => value !== undefined && value.length > 3),
  };
}

function sourceUrl(secret: SourceSecret, streamId: string): URL {
  const path = secret.path.replaceAll("{streamId}", encodeURIComponent(streamId));
  try {
    const url = new URL(secret.url.replace(/\/+$/, "") + (path === "" || path.startsWith("/") ? path : `/${path}`));
    if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error(url.protocol);
    return url;
  } catch {
    throw new StreamError(
      "CONFIG_INVALID",
      "Expected the source's `url` and `path` to make an http or https URL; they do not. Correct the source and deploy again.",
    );
  }
}

/** Servers answer 431 to header lines of a few kilobytes, and the position is written to the row at every renew. */
const MAX_POSITION_LENGTH = 2_048;

/**
 * Whether a position can be sent back the way `resume` says. Upstream chooses positions, so one that cannot must not become
 * the checkpoint: the stream would never open again.
 */
export function canResumeFrom(position: string, resume: RelaySettings["source"]["resume"]): boolean {
  if (position.length > MAX_POSITION_LENGTH) return false;
  return resume.kind === "query" || !CONTROL_CHARACTERS.test(position);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a header must not hold
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** UTF-8 bytes in the one-byte form that HTTP/1.1 headers have. Refuses what could end a header. */
function headerValue(value: string, what: string): string {
  const bytes = Buffer.from(value, "utf8").toString("latin1");
  if (/[^\t\x20-\x7e\x80-\xff]/.test(bytes))
    throw new StreamError(
      "CONFIG_INVALID",
      `Expected ${what} to hold no control characters: it cannot be sent as a header.`,
    );
  return bytes;
}

function accept(format: RelaySettings["source"]["format"]): string {
  if (format === "sse") return "text/event-stream";
  return format === "lines"
    ? "application/x-ndjson, application/json, */*"
    : "text/event-stream, application/x-ndjson, */*;q=0.5";
}

/** `text` without any secret of the request. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets)
    for (const form of [secret, encodeURIComponent(secret)]) clean = clean.replaceAll(form, "***");
  return clean;
}
