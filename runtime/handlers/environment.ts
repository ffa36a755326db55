import { ENV } from "../contract";
import { StreamError } from "../support/errors";

/** The value of an environment variable that the component sets. @throws StreamError CONFIG_INVALID */
export function environment(name: keyof typeof ENV): string {
  const value = process.env[ENV[name]];
  if (value) return value;
  throw new StreamError("CONFIG_INVALID", `Expected environment variable ${ENV[name]} to be set by the deployment`);
}

/** Where the hand-made AWS requests go: the variables that the SDK's clients read, too. */
export function awsEdge(service: "DYNAMODB" | "S3"): { readonly region: string; readonly endpoint?: string } {
  const { AWS_REGION: region, AWS_ENDPOINT_URL: all } = process.env;
  if (!region) throw new StreamError("CONFIG_INVALID", "Expected Lambda to set environment variable AWS_REGION");
  const endpoint = process.env[`AWS_ENDPOINT_URL_${service}`] ?? all;
  return { region, ...(endpoint && { endpoint }) };
}
