import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { ConnectionTable } from "../control/connection-table";
import { dynamoTable } from "../control/dynamo-table";
import type { Invoke } from "../control/invoke-port";

/** Longest a single AWS call may take while there is plenty of time. */
const REQUEST_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 1_000;

export interface CallOptions<Client> {
  /** Longest a call may take, asked at each: a hop's shrinks towards its deadline. */
  readonly timeoutMs?: () => number;
  /** A client that the caller destroys; absent = one that lives as long as the function's environment. */
  readonly client?: Client;
}

/** One attempt a call: the table's own `write` is the retry. */
export const dynamoClient = () =>
  new DynamoDBClient({ maxAttempts: 1, requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS } });

/** The SDK's retries are harmless here: a doubled hop leaves quietly. */
export const lambdaClient = () =>
  new LambdaClient({ maxAttempts: 3, requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS } });

/** The connection table behind its port. */
export function connectionTable(
  tableName: string,
  { timeoutMs = () => REQUEST_TIMEOUT_MS, client = dynamoClient() }: CallOptions<DynamoDBClient> = {},
): ConnectionTable {
  return dynamoTable({ client, tableName, timeoutMs });
}

/** Asynchronous invocation of the connection manager, by name or ARN. */
export function invokeFunction(
  functionName: string,
  { timeoutMs = () => REQUEST_TIMEOUT_MS, client = lambdaClient() }: CallOptions<LambdaClient> = {},
): Invoke {
  return async (payload) => {
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: "Event",
      Payload: Buffer.from(JSON.stringify(payload)),
    });
    await client.send(command, { abortSignal: within(timeoutMs()) });
  };
}

export const within = (ms: number): AbortSignal => AbortSignal.timeout(Math.max(1, Math.round(ms)));
