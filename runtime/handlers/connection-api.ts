import type { APIGatewayProxyEvent, APIGatewayProxyResult } from "aws-lambda";
import { awsClient } from "../aws/json-client";
import { handleRequest } from "../control/api/connection-api";
import { type ApiRequest, decodeStreamId } from "../control/api/request";
import { type ControlDeps, randomNonce } from "../control/deps";
import { systemClock } from "../support/clock";
import { jsonLogger } from "../support/logger";
import { connectionTable, invokeFunction } from "./aws";
import { awsTarget, environment, maxConnections, sharedRequest } from "./environment";

const logger = jsonLogger();
const dynamodb = awsClient(awsTarget("dynamodb"));
const lambda = awsClient(awsTarget("lambda"));
const deps: ControlDeps = {
  table: connectionTable(environment("connectionTable"), { client: dynamodb }),
  invoke: invokeFunction(environment("connectionManager"), { client: lambda }),
  clock: systemClock,
  logger,
  newNonce: randomNonce,
  sharedRequest: sharedRequest(),
  maxConnections: maxConnections(),
};

/** The connection API: handles an API Gateway proxy request and logs one line. */
export async function handler(event: APIGatewayProxyEvent): Promise<APIGatewayProxyResult> {
  const began = deps.clock.now();
  const { status, headers, body, error } = await handleRequest(deps, toRequest(event)).finally(closeSockets);
  // Headers, query and body can contain credentials, so they are not logged. A stream id is logged only if it is valid.
  const { identity, requestId } = event.requestContext;
  logger.log(status >= 500 ? "error" : "info", "request", {
    requestId,
    method: event.httpMethod,
    resource: event.resource,
    streamId: decodeStreamId(event.pathParameters?.streamId),
    status,
    code: (body as { code?: string }).code,
    caller: identity.userArn ?? undefined,
    sourceIp: identity.sourceIp,
    durationMs: deps.clock.now() - began,
    error,
  });
  return {
    statusCode: status,
    headers: {
      ...headers,
      "content-type": "application/json",
      "cache-control": "no-store",
      "x-content-type-options": "nosniff",
    },
    body: JSON.stringify(body),
  };
}

function closeSockets(): void {
  dynamodb.close();
  lambda.close();
}

function toRequest(event: APIGatewayProxyEvent): ApiRequest {
  return {
    method: event.httpMethod,
    resource: event.resource,
    streamId: event.pathParameters?.streamId,
    query: event.queryStringParameters ?? {},
    body: event.isBase64Encoded ? Buffer.from(event.body ?? "", "base64").toString() : (event.body ?? ""),
  };
}
