import type { CredentialsProvider } from "./sigv4";

/** Endpoint and credentials for calls to a service. */
export interface AwsTarget {
  readonly service: AwsService;
  readonly region: string;
  /** Custom endpoint, from `AWS_ENDPOINT_URL` and its variants. Absent: the AWS endpoint. */
  readonly endpoint?: string;
  readonly credentials: CredentialsProvider;
}

/** Service name in host names and signatures. */
export type AwsService = "dynamodb" | "lambda" | "secretsmanager" | "s3";

/** Base URL of the service. https://docs.aws.amazon.com/general/latest/gr/rande.html */
export function endpointOf({ service, region, endpoint }: AwsTarget): URL {
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return new URL(endpoint ?? `https://${service}.${region}.${domain}`);
}
