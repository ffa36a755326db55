import { AwsError } from "./aws-error";
import type { AwsRequest } from "./protocol";

/** What a service here does not model, such as "PurgeQueue" or "SendMessage with DelaySeconds". It is refused rather than ignored. */
export const unsupported = (service: string, what: string, status = 400): AwsError =>
  new AwsError(
    status === 501 ? "NotImplemented" : "UnknownOperationException",
    status,
    `The local ${service} does not support ${what}. Leave it out, or test it on AWS.`,
  );

/** Refuses the first parameter that is not in the list. @throws AwsError that names it */
export function refuseOthers(
  service: string,
  operation: string,
  input: Readonly<Record<string, unknown>>,
  modelled: readonly string[],
): void {
  const other = Object.keys(input).find((name) => input[name] != null && !modelled.includes(name));
  if (other !== undefined) throw unsupported(service, `${operation} with ${other}`);
}

/** The input of an operation in the JSON protocols. @throws AwsError for a body that is not JSON */
export function readInput({ body }: AwsRequest): Record<string, unknown> {
  try {
    return JSON.parse(body.toString() || "{}");
  } catch {
    throw new AwsError("SerializationException", 400, "The body is not JSON.");
  }
}
