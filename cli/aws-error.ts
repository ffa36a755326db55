import { CliError } from "./terminal";

const NO_CREDENTIALS =
  "No AWS credentials found. Set AWS_PROFILE, run `aws sso login`, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.";

/** Errors of the AWS SDK whose own message does not say what to do, by name or message. */
const EXPLAINED: readonly (readonly [pattern: RegExp, code: string, message: string])[] = [
  [
    /^NoSuchBucket$/,
    "NO_SUCH_BUCKET",
    "The bucket does not exist. Pass the stack's output bucketName with --bucket, and its region with --region.",
  ],
  [
    /^ResourceNotFoundException$/,
    "NO_SUCH_RESOURCE",
    "The table or the function does not exist in this account and region. Check --stack, --table, --function and --region.",
  ],
  [
    /^(getaddrinfo|connect) E/,
    "NO_SUCH_ENDPOINT",
    "AWS could not be reached. Check --region, AWS_ENDPOINT_URL and the network.",
  ],
  [/^CredentialsProviderError$/, "NO_CREDENTIALS", NO_CREDENTIALS],
  [/^Region is missing$/, "NO_REGION", "The AWS region is not known. Pass --region, or set AWS_REGION."],
];

/** The error with what to do about it, if it is one of the AWS SDK's without. */
export function explained(error: Error): Error {
  if (error instanceof CliError) return error;
  const [, code, message] =
    EXPLAINED.find(([pattern]) => pattern.test(error.name) || pattern.test(error.message)) ?? [];
  if (code === undefined || message === undefined) return error;
  // AWS's own message names what it did not find, or says nothing more than the name.
  const detail = code.startsWith("NO_SUCH") && error.message !== "" ? ` AWS: ${error.message.replace(/\.$/, "")}.` : "";
  return new CliError(`${message}${detail}`, code, undefined, { cause: error });
}
