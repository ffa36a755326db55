import { randomUUID } from "node:crypto";
import type { AwsRequest, AwsResponse } from "../../cloud/protocol";

/** What API Gateway adds to a request. */
export interface ProxyTarget {
  readonly accountId: string;
  readonly apiId: string;
  readonly stage: string;
  /** The path after the stage, still encoded. */
  readonly path: string;
  /** `/connections/{streamId}` */
  readonly resource: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly userArn?: string;
  readonly apiKeyId?: string;
}

/**
 * The event that a function receives from a REST API.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html
 */
export function proxyEvent({ method, query, headers, body, sourceIp }: AwsRequest, target: ProxyTarget): object {
  const { accountId, apiId, stage, path, resource, parameters, userArn, apiKeyId } = target;
  const names = [...new Set(query.keys())];
  const requestId = randomUUID();
  return {
    resource,
    path: decodeURIComponent(path),
    httpMethod: method,
    headers,
    multiValueHeaders: fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]])),
    queryStringParameters: fromEntries(names.map((name) => [name, query.getAll(name).at(-1)])),
    multiValueQueryStringParameters: fromEntries(names.map((name) => [name, query.getAll(name)])),
    pathParameters: fromEntries(Object.entries(parameters)),
    stageVariables: null,
    requestContext: {
      accountId,
      apiId,
      stage,
      requestId,
      extendedRequestId: requestId,
      httpMethod: method,
      resourcePath: resource,
      path: `/${stage}${path}`,
      protocol: "HTTP/1.1",
      requestTimeEpoch: Date.now(),
      identity: {
        sourceIp,
        userAgent: headers["user-agent"] ?? null,
        userArn: userArn ?? null,
        ...(apiKeyId && { apiKeyId }),
      },
    },
    body: body.length === 0 ? null : body.toString(),
    isBase64Encoded: false,
  };
}

/** API Gateway writes `null` for an empty map. */
function fromEntries(entries: readonly (readonly [string, unknown])[]): object | null {
  return entries.length === 0 ? null : Object.fromEntries(entries);
}

/** Parses the function's result. `undefined`: it is not a proxy response. */
export function proxyResponse(payload: string): AwsResponse | undefined {
  const answer = JSON.parse(payload) as ProxyResponse | null;
  if (typeof answer?.statusCode !== "number") return undefined;
  const multi = Object.entries(answer.multiValueHeaders ?? {}).map(([name, values]) => [name, values.join(",")]);
  const headers = Object.entries({ ...answer.headers, ...Object.fromEntries(multi) });
  return {
    status: answer.statusCode,
    headers: {
      "content-type": "application/json",
      ...Object.fromEntries(headers.map(([name, value]) => [name.toLowerCase(), String(value)])),
    },
    body: answer.isBase64Encoded ? Buffer.from(answer.body ?? "", "base64") : (answer.body ?? ""),
  };
}

interface ProxyResponse {
  readonly statusCode?: unknown;
  readonly headers?: Readonly<Record<string, unknown>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
}
