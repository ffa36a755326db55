import type { RelaySettings, ResumeSettings, SourceSecret } from "../../contract";
import { StreamError } from "../../support/errors";
import { isLocalHost } from "./local-address";
import { fill, fillBody, type Values } from "./placeholders";

export interface SourceRequest {
  readonly url: URL;
  readonly method: string;
  readonly body?: string;
  readonly headers: Record<string, string>;
  /** Headers without credentials: the only ones sent to another origin after a redirect. */
  readonly publicHeaders: Record<string, string>;
  /** Values that must not appear in a message. */
  readonly secrets: readonly string[];
}

export interface RequestOptions {
  /** Ask for a compressed response. @default false */
  readonly compressed?: boolean;
  /** Access token of `auth.kind` oauth2. */
  readonly token?: string;
}

/** Headers that the secret cannot set, because they control the connection and its framing. */
const RESERVED_HEADERS = new Set(["host", "connection", "content-length", "transfer-encoding", "upgrade"]);

/** Builds the request for one stream. @throws StreamError CONFIG_INVALID; its message never contains a secret value */
export function sourceRequest(
  secret: SourceSecret,
  source: RelaySettings["source"],
  streamId: string,
  position: string | undefined,
  { compressed = false, token }: RequestOptions = {},
): SourceRequest {
  const { resume, method = "GET" } = source;
  const sent = position === undefined || position === "" ? undefined : positionText(position, resume);
  const values: Values = { streamId, position: resume.kind === "body" ? sent : undefined };
  const { url, userInfo } = sourceUrl(secret, streamId);
  for (const [name, value] of Object.entries(secret.query ?? {})) url.searchParams.set(name, fill(value, values));
  const publicHeaders: Record<string, string> = {
    ...(!isWebSocket(url) && {
      accept: accept(source.format),
      // Servers that compress without flushing withhold events, so compression is an option.
      "accept-encoding": compressed ? "gzip, br, zstd" : "identity",
      "cache-control": "no-cache",
    }),
    "user-agent": "stream-ingestion",
  };
  const own: Record<string, string> = {};
  const body = secret.body === undefined ? undefined : fillBody(secret.body, values);
  if (body !== undefined) own["content-type"] = isJson(body) ? "application/json" : "text/plain; charset=utf-8";
  for (const [name, value] of Object.entries(secret.headers ?? {})) {
    if (!RESERVED_HEADERS.has(name.toLowerCase()))
      own[name.toLowerCase()] = headerValue(fill(value, values), `the source's header ${name}`);
  }
  const key = credential(secret.key, userInfo);
  checkConfidential(url, source, key);
  authorize(source.auth, userInfo === undefined ? key : undefined, token, own, url);
  if (userInfo !== undefined) own.authorization = basic(userInfo);
  if (sent !== undefined) {
    if (resume.kind === "last-event-id") publicHeaders["last-event-id"] = headerValue(sent, "the stored position");
    if (resume.kind === "header") publicHeaders[resume.name.toLowerCase()] = headerValue(sent, "the stored position");
    if (resume.kind === "query") url.searchParams.set(resume.name, sent);
  }
  return {
    url,
    method,
    ...(body !== undefined && { body }),
    headers: { ...publicHeaders, ...own },
    publicHeaders,
    secrets: secretsOf(secret, url, userInfo, token),
  };
}

function secretsOf(
  secret: SourceSecret,
  url: URL,
  userInfo: string | undefined,
  token: string | undefined,
): readonly string[] {
  const values = [
    secret.key,
    token,
    userInfo,
    // A server may repeat its Authorization header, or a part of it.
    ...[secret.key, userInfo].flatMap((pair) => (pair ? [...pair.split(":").slice(1), encoded(pair)] : [])),
    ...Object.values(secret.headers ?? {}),
    ...Object.values(secret.query ?? {}),
    ...secret.path.split("{streamId}"),
    secret.body,
    secret.proxy,
    url.host,
    url.hostname,
  ];
  return values.filter((value): value is string => value !== undefined && value.length > 3);
}

function isWebSocket({ protocol }: URL): boolean {
  return protocol === "wss:" || protocol === "ws:";
}

const PROTOCOLS = ["https:", "http:", "wss:", "ws:"];

/** `user:password` of the URL, which is not sent as part of it. */
function sourceUrl(secret: SourceSecret, streamId: string): { readonly url: URL; readonly userInfo?: string } {
  const path = fill(secret.path, { streamId }, encodeURIComponent);
  const origin = fill(secret.url, { streamId }, encodeURIComponent).replace(/\/+$/, "");
  try {
    const url = new URL(origin + (path === "" || path.startsWith("/") ? path : `/${path}`));
    if (!PROTOCOLS.includes(url.protocol)) throw new Error(url.protocol);
    if (url.username === "" && url.password === "") return { url };
    const userInfo = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    url.username = "";
    url.password = "";
    return { url, userInfo };
  } catch {
    throw new StreamError(
      "CONFIG_INVALID",
      "Expected the source's `url` and `path` to form an http, https, ws or wss URL, but they do not. Correct the source and deploy again.",
    );
  }
}

function credential(key: string | undefined, userInfo: string | undefined): string | undefined {
  if (key && userInfo !== undefined)
    throw new StreamError(
      "CONFIG_INVALID",
      "Expected the source's credential in `key` or in `url`, but both have one. Remove one of them and deploy again.",
    );
  return key || userInfo;
}

/** A credential over http can be read on the way. */
function checkConfidential(url: URL, source: RelaySettings["source"], key: string | undefined): void {
  if (!["http:", "ws:"].includes(url.protocol) || !key || source.allowInsecureHttp || isLocalHost(url.hostname)) return;
  throw new StreamError(
    "CONFIG_INVALID",
    `Expected the source's \`url\` to be https or wss, because each request carries a credential, got ${url.protocol.slice(0, -1)}. Change it, or set \`source.allowInsecureHttp: true\` to send it readable for every network on the way.`,
  );
}

function authorize(
  auth: RelaySettings["source"]["auth"],
  key: string | undefined,
  token: string | undefined,
  headers: Record<string, string>,
  url: URL,
): void {
  if (token !== undefined) headers.authorization = `Bearer ${headerValue(token, "the access token")}`;
  if (!key) return;
  if (auth.kind === "bearer") headers.authorization = `Bearer ${headerValue(key, "the source's key")}`;
  if (auth.kind === "basic") headers.authorization = basic(key);
  if (auth.kind === "header") headers[auth.name.toLowerCase()] = headerValue(key, "the source's key");
  if (auth.kind === "query") url.searchParams.set(auth.name, key);
}

const encoded = (pair: string) => Buffer.from(pair, "utf8").toString("base64");
const basic = (pair: string) => `Basic ${encoded(pair)}`;

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function positionText(position: string, { template }: ResumeSettings): string {
  return template === undefined ? position : fill(template, { position });
}

/** Servers reject header lines of a few kilobytes with 431, and each lease renewal writes the position to the row. */
const MAX_POSITION_LENGTH = 2_048;

/**
 * Whether a position can be sent back in the way that `resume` defines. The source chooses positions. One that cannot be sent
 * must not become the checkpoint, because the stream could then never connect again.
 */
export function canResumeFrom(position: string, resume: ResumeSettings): boolean {
  // A lone surrogate has no UTF-8 form: another position would be sent.
  if (position.length > MAX_POSITION_LENGTH || LONE_SURROGATE.test(position)) return false;
  return ["query", "body", "message"].includes(resume.kind) || !CONTROL_CHARACTERS.test(position);
}

const LONE_SURROGATE = /\p{Surrogate}/u;

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

/** Replaces every secret of the request in `text`. The longest first: another one can be a part of it. */
export function redact(text: string, secrets: readonly string[]): string {
  let clean = text;
  for (const secret of [...secrets].sort((a, b) => b.length - a.length))
    for (const form of secret === "" ? [] : [secret, encodeURIComponent(secret)]) clean = clean.replaceAll(form, "***");
  return clean;
}
