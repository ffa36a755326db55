import { createHmac, createSecretKey, hash, type KeyObject } from "node:crypto";

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** Called for each request: the provider caches and refreshes. */
export type CredentialsProvider = () => Promise<Credentials>;

export interface SignInput {
  readonly method: string;
  /** The path as sent: escaped once, without a query string. */
  readonly path: string;
  /** The query string in its canonical form: sorted, each name and value escaped. Absent: none. */
  readonly query?: string;
  /** Lower-case names, including `host`. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** Headers that proxies and tracing change on the way, so they are sent and not signed. */
const UNSIGNED = new Set(["expect", "transfer-encoding", "user-agent", "x-amzn-trace-id"]);

/**
 * Signature Version 4. Returns the headers to send. Derives the signing key once a day.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
export function signer(service: string, region: string) {
  let cached: { readonly id: string; readonly key: KeyObject } | undefined;

  function signingKey(credentials: Credentials, day: string): KeyObject {
    const id = `${credentials.accessKeyId}\n${credentials.secretAccessKey}\n${day}`;
    if (cached?.id !== id) {
      const key = [day, region, service, "aws4_request"].reduce<string | Buffer>(
        (secret, part) => hmac(secret, part),
        `AWS4${credentials.secretAccessKey}`,
      );
      // With bytes, Node would create a key object for every signature.
      cached = { id, key: createSecretKey(key as Buffer) };
    }
    return cached.key;
  }

  return (input: SignInput, credentials: Credentials, now: number): Record<string, string> => {
    const time = `${new Date(now).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
    const day = time.slice(0, 8);
    const headers: Record<string, string> = { ...input.headers, "x-amz-date": time };
    if (credentials.sessionToken) headers["x-amz-security-token"] = credentials.sessionToken;
    const names = Object.keys(headers)
      .filter((name) => !UNSIGNED.has(name))
      .sort();
    const signed = names.join(";");
    const canonical = names.map((name) => `${name}:${headers[name]!.trim().replace(/\s+/g, " ")}\n`).join("");
    const bodyHash = hash("sha256", input.body, "hex");
    // Correct for S3, which escapes the path once, and for paths that need no escaping.
    const request = `${input.method}\n${input.path}\n${input.query ?? ""}\n${canonical}\n${signed}\n${bodyHash}`;
    const scope = `${day}/${region}/${service}/aws4_request`;
    const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash("sha256", request, "hex")}`;
    const signature = hmac(signingKey(credentials, day), text).toString("hex");
    headers.authorization = `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${signed}, Signature=${signature}`;
    return headers;
  };
}

/** AWS's URI encoding: escapes everything but unreserved characters (RFC 3986). */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: string | Buffer | KeyObject, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
