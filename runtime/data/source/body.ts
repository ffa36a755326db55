import { pipeline, type Readable, type Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { Format } from "../../contract";
import { StreamError } from "../../support/errors";

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A header can list thousands of codings, and each decompressor allocates memory. */
const MAX_CODINGS = 3;

/**
 * The decompressed body. Data is available as soon as the source flushes it. A coding that is not a compression, such as `none`
 * or `utf-8`, is reported and skipped: the body is read as it is. @throws StreamError SOURCE_FORMAT
 */
export function decodedBody(
  body: Readable,
  headers: Headers,
  onUnknown: (coding: string) => void = () => {},
): Readable {
  const codings = header(headers, "content-encoding").toLowerCase().split(",");
  if (codings.length > MAX_CODINGS)
    throw new StreamError(
      "SOURCE_FORMAT",
      `Expected at most ${MAX_CODINGS} values in the source's content-encoding, got ${codings.length}.`,
    );
  let decoded = body;
  // The header lists the codings in the order in which they were applied.
  for (const coding of codings.map((name) => name.trim()).reverse()) {
    if (coding === "" || coding === "identity") continue;
    const transform = decompressor(coding);
    if (transform === undefined) onUnknown(coding);
    // The stream itself reports the error to its reader.
    else decoded = pipeline(decoded, transform, () => {});
  }
  return decoded;
}

function decompressor(coding: string): Transform | undefined {
  switch (coding) {
    case "gzip":
    case "x-gzip":
      return createGunzip({ flush: constants.Z_SYNC_FLUSH });
    case "deflate":
      return createInflate({ flush: constants.Z_SYNC_FLUSH });
    case "br":
      return createBrotliDecompress({ flush: constants.BROTLI_OPERATION_FLUSH });
    case "zstd":
      return createZstdDecompress({ flush: constants.ZSTD_e_flush });
  }
  return undefined;
}

const LINES =
  /^(application\/(x-)?(ndjson|jsonl|jsonlines|json|stream\+json|x-json-stream|octet-stream)|text\/plain|binary\/octet-stream)$/;

/**
 * Decides how to decode a response. A format that the settings name is used for any content type. With `auto`, a web page, an
 * error report and a JSON document with a content-length are not streams.
 * @throws StreamError SOURCE_FORMAT
 */
export function streamFormat(format: Format, headers: Headers): Exclude<Format, "auto"> {
  if (format !== "auto") return format;
  const contentType = header(headers, "content-type");
  const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
  if (type === "text/html" || type === "application/xhtml+xml" || type === "application/problem+json")
    throw wrongType(
      contentType,
      "This is a page or an error report, not a stream. Check the source's `url`, `path` and credentials, or set `source.format` if it is a stream.",
    );
  if (type === "text/event-stream") return "sse";
  if (type === "application/json-seq") return "json-seq";
  if (type === "application/json" && header(headers, "content-length") !== "")
    throw wrongType(
      contentType,
      "A response with a content-length is one document, not a stream. If it is a stream, set `source.format` to lines or json.",
    );
  if (type === "" || LINES.test(type)) return "lines";
  throw wrongType(contentType, "If it is a stream, set `source.format` to sse, lines or json.");
}

function wrongType(contentType: string, advice: string): StreamError {
  return new StreamError(
    "SOURCE_FORMAT",
    `Expected the source to answer with text/event-stream or JSON lines, got content-type "${contentType.slice(0, 100)}". ${advice}`,
  );
}

/** Whether the response declares how its body ends. Without a length or chunked encoding, a clean end and a lost connection look the same. */
export function isFramed(headers: Headers): boolean {
  return header(headers, "transfer-encoding") !== "" || header(headers, "content-length") !== "";
}

export function header(headers: Headers, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}
