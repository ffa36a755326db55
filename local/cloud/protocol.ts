import type { Principal } from "./access/principals";
import type { AwsError } from "./aws-error";

/** A request as it came over the wire: the path still encoded, header names in lower case. */
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

/** What a caller needs to be allowed. */
export interface Permission {
  /** `dynamodb:UpdateItem` */
  readonly action: string;
  /** ARN, or `*` for actions that know no resource. */
  readonly resource: string;
}

/** A request that was understood and not yet carried out. */
export interface Operation {
  readonly permissions: readonly Permission[];
  run(caller: Principal): Promise<AwsResponse>;
}

/** How an AWS service is called over HTTP. Both functions may throw an AwsError; `fail` gives it the service's own shape. */
export interface Protocol {
  open(request: AwsRequest): Operation;
  fail(error: AwsError): AwsResponse;
}

/** The shape of errors in the JSON protocols, 1.0 and 1.1. */
export function failAsJson(error: AwsError): AwsResponse {
  return {
    status: error.status,
    headers: { "content-type": "application/x-amz-json-1.0", "x-amzn-errortype": error.code },
    body: JSON.stringify({ __type: error.code, message: error.message, ...error.fields }),
  };
}
