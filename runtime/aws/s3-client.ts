import { hash } from "node:crypto";
import { StreamError } from "../support/errors";
import { type AwsTarget, endpointOf } from "./endpoint";
import { signer, uriEncode } from "./sigv4";
import { transportTo } from "./transport";

/** Reads and writes objects of one bucket. @throws StreamError STORE_UNAVAILABLE when S3 does not respond or returns an error. */
export interface S3Client {
  /** Resolves to `undefined` when the object does not exist. */
  get(key: string, signal?: AbortSignal): Promise<Uint8Array | undefined>;
  put(key: string, body: Uint8Array, signal?: AbortSignal): Promise<void>;
  /** Destroys the sockets. Call it at the end of each invocation. */
  close(): void;
}

export interface S3Options {
  readonly bucket: string;
  readonly target: AwsTarget;
  /** Longest time without an answer, or without a further part of it. An object that is sent adds its share. */
  readonly timeoutMs: number;
}

/** An object is sent at least this fast. A small function's share of the network is larger. */
const SENT_BYTES_PER_MS = 1_000;

/**
 * A client for two S3 operations over Node's own HTTP client. It is part of every processor's bundle, where the AWS SDK's client
 * would be larger than everything else. The bucket name is in the path at a custom endpoint, and where it contains a dot: then
 * the certificate of the virtual host does not match.
 */
export function s3Client({ bucket, target, timeoutMs }: S3Options): S3Client {
  const base = endpointOf(target);
  if (target.endpoint === undefined && !bucket.includes(".")) base.hostname = `${bucket}.${base.hostname}`;
  else base.pathname = `${base.pathname.replace(/\/+$/, "")}/${bucket}`;
  const transport = transportTo(base);
  const sign = signer("s3", target.region);

  const send = async (method: "GET" | "PUT", key: string, body: Uint8Array, signal?: AbortSignal) => {
    const path = `${base.pathname.replace(/\/$/, "")}/${key.split("/").map(uriEncode).join("/")}`;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const fixed = { host: base.host, "x-amz-content-sha256": hash("sha256", bytes, "hex") };
    const silence = new AbortController();
    const ms = timeoutMs + bytes.length / SENT_BYTES_PER_MS;
    const timer = setTimeout(() => silence.abort(new Error(`no answer for ${Math.round(ms)} ms`)), ms);
    try {
      const headers = sign({ method, path, headers: fixed, body: bytes }, await target.credentials(), Date.now());
      return await transport.send({
        method,
        path,
        headers: method === "PUT" ? { ...headers, "content-length": String(bytes.length) } : headers,
        body: bytes,
        signal: signal === undefined ? silence.signal : AbortSignal.any([silence.signal, signal]),
        onData: () => timer.refresh(),
      });
    } catch (cause) {
      const { message } = silence.signal.aborted ? (silence.signal.reason as Error) : (cause as Error);
      throw unavailable(`${method} ${key}: ${message}`, cause);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    get: async (key, signal) => {
      const { status, body } = await send("GET", key, new Uint8Array(), signal);
      if (status === 200) return body;
      if (status === 404) return undefined;
      throw answered("GET", key, status, body);
    },
    put: async (key, object, signal) => {
      const { status, body } = await send("PUT", key, object, signal);
      if (status !== 200) throw answered("PUT", key, status, body);
    },
    close: () => transport.close(),
  };

  function answered(method: string, key: string, status: number, body: Buffer): StreamError {
    const text = body.subarray(0, 1_000).toString();
    const awsError = /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? `Http${status}`;
    const reason = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? text.slice(0, 300);
    return unavailable(`${method} ${key}: ${awsError} (status ${status}): ${reason}`, undefined, awsError);
  }

  function unavailable(what: string, cause: unknown, awsError?: string): StreamError {
    return new StreamError("STORE_UNAVAILABLE", `Bucket ${bucket}: ${what}`, { retryable: true, awsError, cause });
  }
}
