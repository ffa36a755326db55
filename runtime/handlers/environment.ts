import type { AwsService, AwsTarget } from "../aws/endpoint";
import { ENV } from "../contract";
import { StreamError } from "../support/errors";

/** Returns an environment variable that the component sets. @throws StreamError CONFIG_INVALID */
export function environment(name: keyof typeof ENV): string {
  return required(ENV[name], "the deployment");
}

/** Whether every stream sends the same request. Undefined: only the secret shows it. */
export function sharedRequest(): boolean | undefined {
  const value = process.env[ENV.sharedRequest];
  return value === undefined ? undefined : value === "true";
}

/** `source.maxConnections`. Undefined: no limit. */
export function maxConnections(): number | undefined {
  const value = process.env[ENV.maxConnections];
  return value === undefined ? undefined : Number(value);
}

/** Service names in the AWS SDK's endpoint variables. */
const ENDPOINT_NAMES: Readonly<Record<AwsService, string>> = {
  dynamodb: "DYNAMODB",
  lambda: "LAMBDA",
  secretsmanager: "SECRETS_MANAGER",
  s3: "S3",
};

/**
 * Endpoint, region and credentials of a service, from the variables that Lambda sets and the AWS SDK's endpoint variables.
 * https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html
 */
export function awsTarget(service: AwsService): AwsTarget {
  return {
    service,
    region: required("AWS_REGION", "Lambda"),
    endpoint: process.env[`AWS_ENDPOINT_URL_${ENDPOINT_NAMES[service]}`] ?? process.env.AWS_ENDPOINT_URL,
    credentials: async () => lambdaCredentials(),
  };
}

function lambdaCredentials() {
  const sessionToken = process.env.AWS_SESSION_TOKEN;
  return {
    accessKeyId: required("AWS_ACCESS_KEY_ID", "Lambda"),
    secretAccessKey: required("AWS_SECRET_ACCESS_KEY", "Lambda"),
    ...(sessionToken && { sessionToken }),
  };
}

function required(name: string, by: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new StreamError("CONFIG_INVALID", `Expected environment variable ${name} to be set by ${by}, got none.`);
}
