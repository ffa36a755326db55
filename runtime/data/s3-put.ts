import { hash } from "node:crypto";
import { StreamError } from "../support/errors";
import { type AwsEdge, awsEndpoint, type Closable } from "./dynamodb-store";
import type { PutOversize } from "./event-store";
import { Pool, request } from "./http-client";
import { signer } from "./sigv4";

const CONNECTIONS = 4;
const REQUEST_TIMEOUT_MS = 10_000;

/** PutObject for events too large for an item. At another endpoint than AWS's the bucket goes into the path. */
export function s3Put(bucket: string, edge: AwsEdge): { readonly put: PutOversize } & Closable {
  const { region, credentials, now = Date.now } = edge;
  const base =
    edge.endpoint === undefined
      ? virtualHost(bucket, region)
      : new URL(`${edge.endpoint.replace(/\/+$/, "")}/${bucket}`);
  const pool = new Pool(base.origin, {
    connections: CONNECTIONS,
    allowH2: false,
    connect: { timeout: REQUEST_TIMEOUT_MS },
  });
  const sign = signer("s3", region);

  return {
    async put(key, bytes, signal) {
      const path = `${base.pathname.replace(/\/$/, "")}/${key.split("/").map(escapeSegment).join("/")}`;
      const fixed = {
        "content-type": "application/octet-stream",
        host: base.host,
        "x-amz-content-sha256": hash("sha256", bytes, "hex"),
      };
      let status: number;
      let text: string;
      try {
        const headers = sign({ method: "PUT", path, headers: fixed, body: bytes }, await credentials(), now());
        const response = await request(pool, {
          method: "PUT",
          path,
          headers,
          body: bytes,
          signal,
          headersTimeout: REQUEST_TIMEOUT_MS,
        });
        status = response.statusCode;
        text = await response.body.text();
      } catch (cause) {
        throw unavailable(key, (cause as Error).message, cause);
      }
      if (status !== 200) throw unavailable(key, `status ${status} ${text.slice(0, 300)}`);
    },
    close: () => pool.destroy(),
  };

  function unavailable(key: string, why: string, cause?: unknown): StreamError {
    return new StreamError("STORE_UNAVAILABLE", `Bucket ${bucket} did not take ${key}: ${why}`, {
      retryable: true,
      cause,
    });
  }
}

function virtualHost(bucket: string, region: string): URL {
  const url = new URL(awsEndpoint("s3", region));
  url.hostname = `${bucket}.${url.hostname}`;
  return url;
}

function escapeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
