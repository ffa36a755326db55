import type { CredentialsProvider } from "../../aws/sigv4";
import { signer, uriEncode } from "../../aws/sigv4";
import type { AuthSettings } from "../../contract";
import type { SourceRequest } from "./request";

/** Region and credentials of the connection manager. */
export interface AwsIdentity {
  readonly region: string;
  readonly credentials: CredentialsProvider;
}

/** The request with a Signature Version 4 of the connection manager's role. */
export async function signedRequest(
  request: SourceRequest,
  { service, region }: Extract<AuthSettings, { kind: "aws-sigv4" }>,
  aws: AwsIdentity,
  now: number,
): Promise<SourceRequest> {
  const { method, body = "" } = request;
  const url = new URL(request.url);
  // Sent as it is signed: services differ in how they read a plus sign.
  url.search = canonicalQuery(url.searchParams);
  const sign = signer(service, region ?? aws.region);
  const { host, ...headers } = sign(
    {
      method,
      // Every service but S3 escapes the path a second time.
      path: service === "s3" ? url.pathname : url.pathname.split("/").map(uriEncode).join("/"),
      query: url.search.slice(1),
      headers: { ...request.headers, host: url.host },
      body,
    },
    await aws.credentials(),
    now,
  );
  return { ...request, url, headers };
}

/** Sorted by name, then by value: `a=2` is before `a-b=1`, although "-" is before "=". */
function canonicalQuery(parameters: URLSearchParams): string {
  const pairs = [...parameters].map(([name, value]) => [uriEncode(name), uriEncode(value)] as const);
  const order = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  return pairs
    .sort(([name, value], [other, its]) => order(name, other) || order(value, its))
    .map(([name, value]) => `${name}=${value}`)
    .join("&");
}
