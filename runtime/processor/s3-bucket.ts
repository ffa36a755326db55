import { hash } from "node:crypto";
import { type CredentialsProvider, signer } from "../data/sigv4";
import { StreamError } from "../support/errors";
import type { Bucket } from "./ports";

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** Absent = AWS. */
  readonly endpoint?: string;
  readonly credentials: CredentialsProvider;
}

const REQUEST_TIMEOUT_MS = 2_000;

/**
 * Two S3 calls over Node's own `fetch`: this file is in every user's bundle, where `client-s3` would weigh more than all the
 * rest and be parsed at every cold start.
 */
export function s3Bucket({ bucket, region, endpoint, credentials }: S3Options): Bucket {
  const base = endpoint === undefined ? awsUrl(bucket, region) : new URL(`${endpoint.replace(/\/+$/, "")}/${bucket}`);
  const sign = signer("s3", region);

  const send = async (method: "GET" | "PUT", key: string, body: Uint8Array, signal?: AbortSignal) => {
    const path = `${base.pathname.replace(/\/$/, "")}/${key.split("/").map(escapeSegment).join("/")}`;
    const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const fixed = { host: base.host, "x-amz-content-sha256": hash("sha256", bytes, "hex") };
    const { host: _, ...headers } = sign(
      { method, path, headers: fixed, body: bytes },
      await credentials(),
      Date.now(),
    );
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    try {
      const response = await fetch(new URL(path, base.origin), {
        method,
        headers,
        body: method === "PUT" ? (bytes as Uint8Array<ArrayBuffer>) : undefined,
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      return { status: response.status, answer: new Uint8Array(await response.arrayBuffer()) };
    } catch (cause) {
      throw unavailable(`${method} ${key}: ${(cause as Error).message}`, cause);
    }
  };

  return {
    get: async (key, signal) => {
      const { status, answer } = await send("GET", key, new Uint8Array(), signal);
      if (status === 200) return answer;
      if (status === 404) return undefined;
      throw unavailable(`GET ${key}: status ${status}`);
    },
    put: async (key, body) => {
      const { status } = await send("PUT", key, body);
      if (status !== 200) throw unavailable(`PUT ${key}: status ${status}`);
    },
  };

  function unavailable(what: string, cause?: unknown): StreamError {
    return new StreamError("STORE_UNAVAILABLE", `Bucket ${bucket}: ${what}`, { retryable: true, cause });
  }
}

function awsUrl(bucket: string, region: string): URL {
  return new URL(`https://${bucket}.s3.${region}.${region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com"}`);
}

/** As S3 escapes: everything but unreserved characters. */
function escapeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
