import { pipeline, type Readable, type Transform } from "node:stream";
import { constants, createBrotliDecompress, createGunzip, createInflate, createZstdDecompress } from "node:zlib";
import type { Format } from "../contract";
import { StreamError } from "../support/errors";

export type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** A header has room for thousands, and each costs a window of memory. */
const MAX_CODINGS = 3;

/** The decoded body: compressed ones are inflated as they come, a flush upstream is an event here. @throws StreamError SOURCE_FORMAT */
export function decodedBody(body: Readable, headers: Headers): Readable {
  const codings = header(headers, "content-encoding").toLowerCase().split(",");
  if (codings.length > MAX_CODINGS)
    throw new StreamError(
      "SOURCE_FORMAT",
      `Expected at most ${MAX_CODINGS} content-encodings one over the other, got ${codings.length}.`,
    );
  let decoded = body;
  // Listed in the order they were applied.
  for (const coding of codings.map((name) => name.trim()).reverse()) {
    if (coding === "" || coding === "identity") continue;
    // The reader learns of an error from the stream itself.
    decoded = pipeline(decoded, decompressor(coding), () => {});
  }
  return decoded;
}

function decompressor(coding: string): Transform {
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
  throw new StreamError(
    "SOURCE_FORMAT",
    `Expected the source's content-encoding to be gzip, deflate, br or zstd, got "${coding}".`,
  );
}

const LINES =
  /^(application\/(x-)?(ndjson|jsonl|jsonlines|json-seq|json|stream\+json|x-json-stream|octet-stream)|text\/plain|binary\/octet-stream)$/;

/**
 * How to read an answer. A web page is never a stream; under `auto` neither is a JSON document of known length.
 * @throws StreamError SOURCE_FORMAT
 */
export function streamFormat(format: Format, headers: Headers): "sse" | "lines" {
  const contentType = header(headers, "content-type");
  const type = contentType.split(";", 1)[0]!.trim().toLowerCase();
  if (type === "text/html" || type === "application/xhtml+xml" || type === "application/problem+json")
    throw wrongType(
      contentType,
      "That is a page or an error report, no stream: look at the source's `url`, `path` and credentials.",
    );
  if (format !== "auto") return format;
  if (type === "text/event-stream") return "sse";
  if (type === "application/json" && header(headers, "content-length") !== "")
    throw wrongType(
      contentType,
      "With a content-length it is one document, no stream. Set `source.format` to lines if it is one.",
    );
  if (type === "" || LINES.test(type)) return "lines";
  throw wrongType(contentType, "Set `source.format` to sse or lines if it is a stream all the same.");
}

function wrongType(contentType: string, advice: string): StreamError {
  return new StreamError(
    "SOURCE_FORMAT",
    `Expected the source to answer with text/event-stream or JSON lines, got content-type "${contentType.slice(0, 100)}". ${advice}`,
  );
}

/** Did upstream say how its body ends? Without a length or chunks, an end and a break look the same. */
export function isFramed(headers: Headers): boolean {
  return header(headers, "transfer-encoding") !== "" || header(headers, "content-length") !== "";
}

export function header(headers: Headers, name: string): string {
  const value = headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}
