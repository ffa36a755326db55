import { createHash, createHmac } from "node:crypto";
import { StreamError } from "../support/errors";
import type { Bucket } from "./ports";

export interface S3Options {
  readonly bucket: string;
  readonly region: string;
  /** Absent = AWS. */
  readonly endpoint?: string;
  /** Asked for each request: Lambda renews them. */
  readonly credentials: () => Promise<{ accessKeyId: string; secretAccessKey: string; sessionToken?: string }>;
}

const REQUEST_TIMEOUT_MS = 2_000;

/**
 * Two S3 calls by `fetch`. This file is in every user's bundle, where `client-s3` would weigh more than everything else
 * together and be parsed at every cold start.
 */
export function s3Bucket({ bucket, region, endpoint, credentials }: S3Options): Bucket {
  const base = endpoint === undefined ? awsUrl(bucket, region) : new URL(`${endpoint.replace(/\/$/, "")}/${bucket}`);
  // Loaded at the first request: most invocations make none. S3 signs the path as it is sent, escaped once.
  const newSigner = async () => {
    const { SignatureV4 } = await import("@smithy/signature-v4");
    return new SignatureV4({ service: "s3", region, credentials, sha256: Sha256, uriEscapePath: false });
  };
  let signer: ReturnType<typeof newSigner> | undefined;

  const send = async (method: "GET" | "PUT", key: string, body?: Uint8Array, signal?: AbortSignal) => {
    const path = `${base.pathname.replace(/\/$/, "")}/${key.split("/").map(escapeSegment).join("/")}`;
    signer ??= newSigner();
    const signed = await (await signer).sign({
      method,
      protocol: base.protocol,
      hostname: base.hostname,
      port: base.port === "" ? undefined : Number(base.port),
      path,
      headers: {
        host: base.host,
        "x-amz-content-sha256": createHash("sha256")
          .update(body ?? "")
          .digest("hex"),
      },
      body,
    });
    const { host: _, ...headers } = signed.headers;
    const timeout = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
    try {
      const response = await fetch(new URL(path, base.origin), {
        method,
        headers,
        body: body as Uint8Array<ArrayBuffer> | undefined,
        signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
      });
      const answer = new Uint8Array(await response.arrayBuffer());
      return { status: response.status, answer };
    } catch (cause) {
      throw unavailable(`${method} ${key}: ${(cause as Error).message}`, cause);
    }
  };

  return {
    get: async (key, signal) => {
      const { status, answer } = await send("GET", key, undefined, signal);
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

/** Node's own SHA-256 in the shape the signer asks for. */
class Sha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as NodeJS.ArrayBufferView);
  }

  update(data: Uint8Array): void {
    this.hash.update(data);
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error("Not used by the signer");
  }
}
