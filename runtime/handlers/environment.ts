import { ENV } from "../contract";
import { StreamError } from "../support/errors";

/** The value of an environment variable that the component sets. @throws StreamError CONFIG_INVALID */
export function environment(name: keyof typeof ENV): string {
  return required(ENV[name], "the deployment");
}

export type AwsService = keyof typeof SERVICES;

/** Name in the endpoint variables → name in host names and signatures. */
const SERVICES = { DYNAMODB: "dynamodb", LAMBDA: "lambda", SECRETS_MANAGER: "secretsmanager", S3: "s3" } as const;

/** Where a service is called. The endpoint variables are the SDK's own: they lead elsewhere, or nowhere when absent. */
export function awsEdge(service: AwsService) {
  const region = required("AWS_REGION", "Lambda");
  const signingName = SERVICES[service];
  const elsewhere = process.env[`AWS_ENDPOINT_URL_${service}`] ?? process.env.AWS_ENDPOINT_URL;
  const domain = region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
  return { region, signingName, elsewhere, endpoint: elsewhere ?? `https://${signingName}.${region}.${domain}` };
}

/** The role's credentials, which Lambda gives to the function's environment. */
export function lambdaCredentials() {
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
  throw new StreamError("CONFIG_INVALID", `Expected environment variable ${name} to be set by ${by}`);
}
