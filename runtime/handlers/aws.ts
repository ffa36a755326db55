import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import type { ConnectionTable } from "../control/connection-table";
import { dynamoTable } from "../control/dynamo-table";
import type { Invoke } from "../control/invoke-port";

/** Longest a single AWS call may take while there is plenty of time. */
const REQUEST_TIMEOUT_MS = 3_000;
const CONNECT_TIMEOUT_MS = 1_000;

export interface Timeout {
  readonly timeoutMs?: () => number;
}

/** The connection table behind its port. One attempt a call: see {@link dynamoTable}. */
export function connectionTable(
  tableName: string,
  { timeoutMs = () => REQUEST_TIMEOUT_MS }: Timeout = {},
): ConnectionTable {
  const client = new DynamoDBClient({ maxAttempts: 1, requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS } });
  return dynamoTable({ client, tableName, timeoutMs });
}

/** Asynchronous invocation of the connection manager, by name or ARN. The SDK's retries are harmless here: a doubled hop leaves quietly. */
export function invokeFunction(functionName: string, { timeoutMs = () => REQUEST_TIMEOUT_MS }: Timeout = {}): Invoke {
  const client = new LambdaClient({ maxAttempts: 3, requestHandler: { connectionTimeout: CONNECT_TIMEOUT_MS } });
  return async (payload) => {
    const command = new InvokeCommand({
      FunctionName: functionName,
      InvocationType: "Event",
      Payload: Buffer.from(JSON.stringify(payload)),
    });
    await client.send(command, { abortSignal: AbortSignal.timeout(Math.max(1, Math.round(timeoutMs()))) });
  };
}
