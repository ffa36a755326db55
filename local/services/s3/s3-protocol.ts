import { createHash, randomUUID } from "node:crypto";
import { decide } from "../../cloud/access/policy";
import { AwsError } from "../../cloud/aws-error";
import type { AwsRequest, AwsResponse, Operation, Protocol } from "../../cloud/protocol";
import { unsupported } from "../../cloud/unsupported";
import { escapeXml, xmlDocument } from "../../cloud/xml";
import type { Bucket, Buckets } from "./buckets";
import { LIST_PARAMETERS, listObjects } from "./list-objects";

const SERVICE = "S3";

/** S3's REST protocol for objects: put, get, head, delete and list. Uses path-style addresses, as the SDK does for an IP address. */
export function s3Protocol(buckets: Buckets): Protocol {
  return {
    open(request): Operation {
      const [, bucketInHost] = /^(.+)\.(?:localhost|127\.0\.0\.1)(?::\d+)?$/.exec(request.headers.host ?? "") ?? [];
      if (bucketInHost !== undefined)
        throw new AwsError(
          "NotImplemented",
          501,
          `The local S3 expects the bucket ${bucketInHost} in the path. Use 127.0.0.1 in the endpoint, or path-style addresses.`,
        );
      refuseHeaders(request);
      const [, name = "", ...rest] = request.path.split("/");
      const key = decodeURIComponent(rest.join("/"));
      const bucketArn = `arn:aws:s3:::${name}`;
      const { action, run } = key === "" ? onBucket(request) : onObject(request, key);
      const resource = key === "" ? bucketArn : `${bucketArn}/${key}`;
      return {
        permissions: [{ action, resource }],
        run: async (caller) => {
          const bucket = buckets.find(name);
          if (bucket === undefined) throw new AwsError("NoSuchBucket", 404, "The specified bucket does not exist");
          // Loopback counts as TLS, because no other machine can read it.
          const context = { "aws:securetransport": "true", "aws:sourceip": request.sourceIp };
          const policies = bucket.policy === undefined ? [] : [bucket.policy];
          if (decide(policies, { action, resource, principal: caller.arn, context }) === "deny") {
            throw new AwsError("AccessDenied", 403, "Access Denied: an explicit deny in the bucket's policy");
          }
          return run(bucket);
        },
      };
    },
    fail: ({ code, status, message }) => ({
      status: code === "AccessDeniedException" ? 403 : status,
      headers: { "content-type": "application/xml" },
      body: xmlDocument(
        `<Error><Code>${code === "AccessDeniedException" ? "AccessDenied" : code}</Code><Message>${escapeXml(message)}</Message><RequestId>${randomUUID()}</RequestId></Error>`,
      ),
    }),
  };
}

interface ObjectOperation {
  readonly action: string;
  run(bucket: Bucket): AwsResponse;
}

function onBucket({ method, query }: AwsRequest): ObjectOperation {
  if (method === "HEAD") return { action: "s3:ListBucket", run: () => ({ status: 200, body: "" }) };
  refuseParameters(method, query, method === "GET" ? LIST_PARAMETERS : []);
  if (method !== "GET" || query.get("list-type") !== "2") throw unsupported(SERVICE, `${method} on a bucket`, 501);
  return {
    action: "s3:ListBucket",
    run: (bucket) => listObjects(bucket, query),
  };
}

/** Refuses parameters that would have no effect here. The SDK adds `x-id`, the name of the operation. */
function refuseParameters(method: string, query: URLSearchParams, modelled: readonly string[]): void {
  const other = [...query.keys()].find((name) => name !== "x-id" && !modelled.includes(name));
  if (other !== undefined) throw unsupported(SERVICE, `${method} with ?${other}`, 501);
}

const CONDITIONS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since"];
/** Headers that only carry or protect a request. An object has metadata; its checksums are accepted and not compared. */
const TRANSPORT_HEADERS =
  /^x-amz-(content-sha256|date|user-agent|security-token|decoded-content-length|trailer|sdk-checksum-algorithm|checksum-.*|meta-.*)$/;

/** Headers for who can read an object, who pays and how it is stored. Nothing here reads them. */
const WITHOUT_EFFECT =
  /^x-amz-(acl|grant-.*|expected-bucket-owner|request-payer|storage-class|server-side-encryption(-aws-kms-key-id|-context|-bucket-key-enabled)?)$/;

/** Refuses headers that change what an operation does on S3 and would have no effect here. */
function refuseHeaders({ method, headers }: AwsRequest): void {
  const other = Object.keys(headers).find(
    (name) =>
      CONDITIONS.includes(name) ||
      (name.startsWith("x-amz-") && !TRANSPORT_HEADERS.test(name) && !WITHOUT_EFFECT.test(name)),
  );
  if (other !== undefined) throw unsupported(SERVICE, `${method} with the header ${other}`, 501);
}

function onObject(request: AwsRequest, key: string): ObjectOperation {
  const { range } = request.headers;
  refuseParameters(request.method, request.query, []);
  switch (request.method) {
    case "PUT":
      return { action: "s3:PutObject", run: (bucket) => put(bucket, key, request) };
    case "GET":
      return { action: "s3:GetObject", run: (bucket) => inRange(get(bucket, key), range) };
    case "HEAD":
      return { action: "s3:GetObject", run: (bucket) => ({ ...inRange(get(bucket, key), range), body: "" }) };
    case "DELETE":
      return {
        action: "s3:DeleteObject",
        run(bucket) {
          bucket.delete(key);
          return { status: 204, body: "" };
        },
      };
    default:
      throw unsupported(SERVICE, `${request.method} on an object`, 501);
  }
}

/** Returned with an object as they were sent. */
const KEPT_HEADERS = ["cache-control", "content-disposition", "content-language", "expires"];

function put(bucket: Bucket, key: string, { headers, body }: AwsRequest): AwsResponse {
  const encodings = (headers["content-encoding"] ?? "").split(",").map((part) => part.trim());
  const metadata = Object.entries(headers).filter(
    ([name]) => name.startsWith("x-amz-meta-") || KEPT_HEADERS.includes(name),
  );
  const bytes = encodings.includes("aws-chunked") ? unchunk(body) : body;
  checkMd5(bytes, headers["content-md5"]);
  const { etag } = bucket.put(
    {
      key,
      contentType: headers["content-type"] ?? "binary/octet-stream",
      contentEncoding: encodings.filter((part) => part !== "aws-chunked").join(",") || undefined,
      metadata: Object.fromEntries(metadata),
    },
    bytes,
  );
  return { status: 200, headers: { etag }, body: "" };
}

/** @throws AwsError InvalidDigest, BadDigest */
function checkMd5(bytes: Buffer, md5: string | undefined): void {
  if (md5 === undefined) return;
  // 16 bytes in base64
  if (!/^[A-Za-z0-9+/]{22}==$/.test(md5))
    throw new AwsError("InvalidDigest", 400, "The Content-MD5 you specified is not valid.");
  if (md5 !== createHash("md5").update(bytes).digest("base64"))
    throw new AwsError("BadDigest", 400, "The Content-MD5 you specified did not match what we received.");
}

function get(bucket: Bucket, key: string): AwsResponse {
  const found = bucket.get(key);
  if (found === undefined) throw new AwsError("NoSuchKey", 404, "The specified key does not exist.");
  const { contentType, contentEncoding, metadata, etag, size, lastModified } = found.head;
  return {
    status: 200,
    headers: {
      "content-type": contentType,
      "content-length": String(size),
      ...(contentEncoding && { "content-encoding": contentEncoding }),
      etag,
      "last-modified": new Date(lastModified).toUTCString(),
      ...metadata,
    },
    body: found.body,
  };
}

/** The requested bytes: `bytes=0-99`, `bytes=100-` or the last `bytes=-10`. S3 supports one range. */
function inRange(whole: AwsResponse, range: string | undefined): AwsResponse {
  const [, first = "", last = ""] = /^bytes=(\d*)-(\d*)$/.exec(range ?? "") ?? [];
  const body = Buffer.from(whole.body);
  if (range === undefined || first + last === "") return whole;
  const from = first === "" ? Math.max(0, body.length - Number(last)) : Number(first);
  const to = first === "" || last === "" ? body.length - 1 : Math.min(Number(last), body.length - 1);
  if (from > to) throw new AwsError("InvalidRange", 416, "The requested range is not satisfiable");
  const part = body.subarray(from, to + 1);
  const headers = { "content-length": String(part.length), "content-range": `bytes ${from}-${to}/${body.length}` };
  return { status: 206, headers: { ...whole.headers, ...headers }, body: part };
}

/** Decodes the SDK's aws-chunked body: size in hex, bytes, and a trailer at the end. */
function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; ; ) {
    const end = body.indexOf("\r\n", at);
    const size = end === -1 ? 0 : Number.parseInt(body.toString("latin1", at, end), 16);
    if (!(size > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + size));
    at = end + 2 + size + 2;
  }
}
