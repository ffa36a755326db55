import { type AwsClient, AwsError, awsClient } from "../aws/json-client";
import type { Invoke } from "../control/deps";
import type { ConnectionTable } from "../control/table/connection-table";
import { type DynamoOperation, dynamoTable } from "../control/table/dynamo-table";
import { awsTarget } from "./environment";

/** Longest an AWS call may take while there is plenty of time. */
const TIMEOUT_MS = 3_000;
const INVOKE_ATTEMPTS = 3;

export interface CallOptions {
  /** Longest a call may take, asked at each: a hop's shrinks towards its deadline. */
  readonly timeoutMs?: () => number;
  /** A client that the caller closes; absent = one that lives as long as the function's environment. */
  readonly client?: AwsClient;
}

/** The connection table behind its port. One attempt a call: the table's own `write` is the retry. */
export function connectionTable(
  tableName: string,
  { timeoutMs = () => TIMEOUT_MS, client = awsClient(awsTarget("dynamodb")) }: CallOptions = {},
): ConnectionTable {
  const send = async (operation: DynamoOperation, input: object) => {
    const headers = {
      "content-type": "application/x-amz-json-1.0",
      "x-amz-target": `DynamoDB_20120810.${operation}`,
    };
    return JSON.parse(await client.send({ headers, body: JSON.stringify(input), timeoutMs: timeoutMs() }));
  };
  return dynamoTable(tableName, send);
}

/** Asynchronous invocation of a function by its name. A retry is harmless here: a doubled hop leaves quietly. */
export function invokeFunction(
  functionName: string,
  { timeoutMs = () => TIMEOUT_MS, client = awsClient(awsTarget("lambda")) }: CallOptions = {},
): Invoke {
  return async (payload) => {
    const call = {
      path: `/2015-03-31/functions/${functionName}/invocations`,
      headers: { "content-type": "application/json", "x-amz-invocation-type": "Event", ...trace() },
      body: JSON.stringify(payload),
    };
    for (let tries = 1; ; tries++) {
      try {
        await client.send({ ...call, timeoutMs: timeoutMs() });
        return;
      } catch (error) {
        const refused = error instanceof AwsError && error.status < 500 && error.status !== 429;
        if (refused || tries === INVOKE_ATTEMPTS) throw error;
      }
    }
  };
}

/**
 * Lambda follows a chain of invocations by this header, as it does with the SDK's clients. We do not hide from its loop
 * detection: the function's recursion setting allows the chain.
 */
function trace(): Record<string, string> {
  const id = process.env._X_AMZN_TRACE_ID;
  return id ? { "x-amzn-trace-id": id } : {};
}

/** A call of Secrets Manager. */
export async function callSecretsManager<T>(client: AwsClient, operation: string, secretId: string): Promise<T> {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `secretsmanager.${operation}` };
  const body = JSON.stringify({ SecretId: secretId });
  return JSON.parse(await client.send({ headers, body, timeoutMs: TIMEOUT_MS }));
}
