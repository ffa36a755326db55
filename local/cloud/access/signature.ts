import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { SignatureV4 } from "@smithy/signature-v4";
import { AwsError } from "../aws-error";
import type { AwsRequest } from "../protocol";

/** The access key of the signer, and the service of the signature. */
export interface Signed {
  readonly accessKeyId: string;
  readonly service: string;
}

export interface SignatureRules {
  readonly region: string;
  /** The only accepted service. @default any service */
  readonly service?: string;
  /** Epoch milliseconds. */
  readonly now: number;
  readonly secretOf: (accessKeyId: string) => string | undefined;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
const MAX_SKEW_MS = 5 * 60_000;

/**
 * Checks a SigV4 signature as AWS does: signs the request again and compares.
 * @throws AwsError MissingAuthenticationToken, IncompleteSignature, InvalidSignature or UnrecognizedClient
 */
export async function verifySignature(request: AwsRequest, rules: SignatureRules): Promise<Signed> {
  const { authorization } = request.headers;
  if (authorization === undefined) {
    throw new AwsError("MissingAuthenticationTokenException", 403, "Missing Authentication Token");
  }
  const [, accessKeyId, day, region, service, names, signature] = AUTHORIZATION.exec(authorization) ?? [];
  if (!accessKeyId || !day || !region || !service || !names || !signature) {
    throw new AwsError("IncompleteSignatureException", 403, "Expected an AWS4-HMAC-SHA256 Authorization header.");
  }
  const signedHeaders = names.split(";");
  if (!signedHeaders.includes("host")) throw invalid("'Host' must be a 'SignedHeader' in the AWS Authorization.");
  if (region !== rules.region) {
    throw invalid(`Credential should be scoped to a valid region: expected '${rules.region}', got '${region}'.`);
  }
  if (rules.service !== undefined && service !== rules.service) {
    throw invalid(`Credential should be scoped to correct service: expected '${rules.service}', got '${service}'.`);
  }
  const signedAt = parseDate(request.headers["x-amz-date"]);
  if (!signedAt.toISOString().replaceAll("-", "").startsWith(day)) {
    throw invalid("Date in Credential scope does not match the date of the request.");
  }
  if (Math.abs(rules.now - signedAt.getTime()) > MAX_SKEW_MS) {
    throw invalid(
      `Signature expired: ${signedAt.toISOString()} is more than 5 minutes from ${new Date(rules.now).toISOString()}.`,
    );
  }
  const secretAccessKey = rules.secretOf(accessKeyId);
  if (secretAccessKey === undefined) {
    throw new AwsError("UnrecognizedClientException", 403, "The security token included in the request is invalid.");
  }
  checkBody(request);
  const signer = new SignatureV4({
    service,
    region,
    credentials: { accessKeyId, secretAccessKey },
    sha256: NodeSha256,
    // Only S3 signs the path as it was sent.
    uriEscapePath: service !== "s3",
    applyChecksum: false,
  });
  const resigned = await signer.sign(signable(request, signedHeaders), {
    signingDate: signedAt,
    signableHeaders: new Set(signedHeaders),
  });
  const expected = AUTHORIZATION.exec(resigned.headers.authorization ?? "")?.[6] ?? "";
  if (expected.length !== signature.length || !timingSafeEqual(Buffer.from(expected), Buffer.from(signature))) {
    throw invalid(
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method.",
    );
  }
  return { accessKeyId, service };
}

function invalid(message: string): AwsError {
  return new AwsError("InvalidSignatureException", 403, message);
}

function parseDate(value = ""): Date {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value) ?? [];
  if (year === undefined) {
    throw new AwsError("IncompleteSignatureException", 403, `Expected X-Amz-Date as YYYYMMDDThhmmssZ, got '${value}'.`);
  }
  return new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
}

/** The signature covers the body only by its hash, so a stated hash must match the body. */
function checkBody({ headers, body }: AwsRequest): void {
  const stated = headers["x-amz-content-sha256"];
  if (stated === undefined || stated === "UNSIGNED-PAYLOAD" || stated === "STREAMING-UNSIGNED-PAYLOAD-TRAILER") return;
  if (stated !== createHash("sha256").update(body).digest("hex")) {
    throw invalid("The provided 'x-amz-content-sha256' header does not match what was computed.");
  }
}

function signable({ method, path, query, headers, body }: AwsRequest, signedHeaders: readonly string[]) {
  return {
    method,
    protocol: "http:",
    hostname: headers.host ?? "",
    path,
    query: Object.fromEntries([...query.keys()].map((name) => [name, query.getAll(name)])),
    headers: Object.fromEntries(signedHeaders.map((name) => [name, headers[name] ?? ""])),
    body,
  };
}

/** Node's SHA-256 with the interface of the signer. */
class NodeSha256 {
  private readonly hash;

  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", bytes(secret));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.hash.update(bytes(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }

  reset(): void {
    throw new Error("A hash is used once.");
  }
}

function bytes(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === "string") return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
