import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { Sha256 } from "@smithy/core/checksum";
import { SignatureV4 } from "@smithy/signature-v4";
import type { AwsIdentity } from "pulumi-stream-ingestion/internal";
import { CliError } from "./terminal";

type Credentials = ConstructorParameters<typeof SignatureV4>[0]["credentials"];

export interface Signing {
  /** @default the region in the URL (`….execute-api.REGION.amazonaws.com`), otherwise AWS_REGION */
  readonly region?: string;
  /** @default the AWS credential chain: environment, profile, SSO, container, instance */
  readonly credentials?: Credentials;
}

export interface SignedRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: Record<string, string>;
  readonly body?: string;
}

/** Signs a request for API Gateway (Signature Version 4, service `execute-api`). */
export async function signed(request: SignedRequest, signing: Signing): Promise<SignedRequest> {
  const { method, url, body } = request;
  const signer = new SignatureV4({
    service: "execute-api",
    region: signing.region ?? regionOf(url),
    credentials: signing.credentials ?? defaultProvider(),
    sha256: Sha256,
  });
  try {
    const { headers } = await signer.sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      path: url.pathname,
      query: Object.fromEntries(url.searchParams),
      headers: { ...request.headers, host: url.host },
      body,
    });
    return { ...request, headers };
  } catch (error) {
    if ((error as Error).name !== "CredentialsProviderError") throw error;
    throw new CliError(
      "No AWS credentials found to sign the request. Set AWS_PROFILE, run `aws sso login`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.",
      "NO_CREDENTIALS",
      undefined,
      { cause: error },
    );
  }
}

/** Region and credentials with which this machine signs requests to other hosts. */
export function operatorIdentity(apiUrl: string, region?: string): AwsIdentity {
  return { region: region ?? regionOf(new URL(apiUrl)), credentials: defaultProvider() };
}

export function regionOfHost(host: string): string | undefined {
  return /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$/.exec(host)?.[1];
}

/** API Gateway's host names contain the region; a custom domain does not. */
export function regionOf(url: URL, env: NodeJS.ProcessEnv = process.env): string {
  const found = regionOfHost(url.hostname) ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION;
  if (found) return found;
  throw new CliError(
    `The host ${url.host} does not contain an AWS region. Pass --region, or set AWS_REGION.`,
    "NO_REGION",
  );
}
