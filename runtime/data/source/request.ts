import type { RelaySettings, SourceSecret } from "../../contract";
import { StreamError } from "../../support/errors";

export interface SourceRequest {
  readonly url: URL;
  readonly headers: Record<string, string>;
  /** Headers without credentials: the only ones sent to another origin after a redirect. */
  readonly publicHeaders: Record<string, string>;
  /** Values that must not appear in a message. */
  readonly secrets: readonly string[];
}

/** Headers that the secret cannot set, because they control the connection and its framing. */
const RESERVED_HEADERS = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade"]);

/** Builds the request for one stream. @throws StreamError CONFIG_INVALID; its message never contains a secret value */
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
    if (!RESERVED_HEADERS.has(name.toLowerCase()))
      own[name.toLowerCase()] = headerValue(value, `the source's header ${name}`);
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

const PROTOCOLS = ["https:", "http:", "wss:", "ws:"];

function sourceUrl(secret: SourceSecret, streamId: string): URL {
  const path = secret.path.replaceAll("{streamId}", encodeURIComponent(streamId));
  try {
    const url = new URL(secret.url.replace(/\/+$/, "") + (path === "" || path.startsWith("/") ? path : `/${path}`));
    if (!PROTOCOLS.includes(url.protocol)) throw new Error(url.protocol);
    return url;
  } catch {
    throw new StreamError(
      "CONFIG_INVALID",
      "Expected the source's `url` and `path` to form an http, https, ws or wss URL, but they do not. Correct the source and deploy again.",
    );
  }
}

/** Servers reject header lines of a few kilobytes with 431, and each lease renewal writes the position to the row. */
const MAX_POSITION_LENGTH = 2_048;

/**
 * Whether a position can be sent back in the way that `resume` defines. The source chooses positions. One that cannot be sent
 * must not become the checkpoint, because the stream could then never connect again.
 */
export function canResumeFrom(position: string, resume: RelaySettings["source"]["resume"]): boolean {
  if (position.length > MAX_POSITION_LENGTH) return false;
  return resume.kind === "query" || !CONTROL_CHARACTERS.test(position);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: characters that a header must not contain
const CONTROL_CHARACTERS = /[\u0000-\u0008\u000a-\u001f\u007f]/;

/** The UTF-8 bytes of `value`, one character per byte, as HTTP/1.1 headers require. Rejects characters that could end a header. */
function headerValue(value: string, what: string): string {
  const bytes = Buffer.from(value, "utf8").toString("latin1");
  if (/[^\t\x20-\x7e\x80-\xff]/.test(bytes))
    throw new StreamError(
      "CONFIG_INVALID",
      `Expected ${what} to be a valid header value, but it contains control characters. Remove them and deploy again.`,
    );
  return bytes;
}

function accept(format: RelaySettings["source"]["format"]): string {
  if (format === "sse") return "text/event-stream";
  if (format === "json" || format === "json-seq") return "application/json, application/json-seq, */*";
  return format === "lines"
    ? "application/x-ndjson, application/json, */*"
    : "text/event-stream, application/x-ndjson, */*;q=0.5";
}

/** Replaces every secret of the request in `text`. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of secrets)
    for (const form of [secret, encodeURIComponent(secret)]) clean = clean.replaceAll(form, "***");
  return clean;
}
