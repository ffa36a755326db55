import type { CredentialsProvider } from "./sigv4";

/** Where a service is called, and as whom. */
export interface AwsTarget {
  readonly service: AwsService;
  readonly region: string;
  /** Another endpoint than AWS's own, from `AWS_ENDPOINT_URL` and its variants; absent = AWS. */
  readonly endpoint?: string;
  readonly credentials: CredentialsProvider;
}

/** As in host names and signatures. */
export type AwsService = "dynamodb" | "lambda" | "secretsmanager" | "s3";

/** Base URL of the target's service. https://docs.aws.amazon.com/general/latest/gr/rande.html */
export function endpointOf({ service, region, endpoint }: AwsTarget): URL {
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return new URL(endpoint ?? `https://${service}.${region}.${domain}`);
}
