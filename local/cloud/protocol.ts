import type { Principal } from "./access/principals";
import type { AwsError } from "./aws-error";

/** A request as received: the path is still encoded, header names are in lower case. */
export interface AwsRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly sourceIp: string;
}

export interface AwsResponse {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Buffer;
}

/** A permission that a caller needs. */
export interface Permission {
  /** `dynamodb:UpdateItem` */
  readonly action: string;
  /** ARN, or `*` for actions without resource-level permissions. */
  readonly resource: string;
}

/** A parsed request that is not yet executed. */
export interface Operation {
  readonly permissions: readonly Permission[];
  run(caller: Principal): Promise<AwsResponse>;
}

/** The HTTP protocol of an AWS service. `open` and `run` may throw an AwsError, which `fail` formats as the service does. */
export interface Protocol {
  open(request: AwsRequest): Operation;
  fail(error: AwsError): AwsResponse;
}

/** Formats an error in the JSON protocols 1.0 and 1.1. */
export function failAsJson(error: AwsError): AwsResponse {
  return {
    status: error.status,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": error.code },
    body: JSON.stringify({ __type: error.code, message: error.message, ...error.fields }),
  };
}
