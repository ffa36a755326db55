import { type AwsClient, AwsError } from "../aws/json-client";
import type { Invoke } from "../control/deps";
import type { ConnectionTable } from "../control/table/connection-table";
import { dynamoTable } from "../control/table/dynamo-table";
import type { ReadEvents } from "../data/event-history";

/** Default timeout of an AWS call. */
const TIMEOUT_MS = 3_000;
const INVOKE_ATTEMPTS = 3;

export interface CallOptions {
  /** Timeout of the next call. A hop's timeout shrinks towards its deadline. */
  readonly timeoutMs?: () => number;
  /** The caller closes it at the end of each invocation. */
  readonly client: AwsClient;
}

/** The connection table in DynamoDB. Each call makes one attempt, because a repeated update would add its counters twice. */
export function connectionTable(
  tableName: string,
  { timeoutMs = () => TIMEOUT_MS, client }: CallOptions,
): ConnectionTable {
  return dynamoTable(tableName, (operation, input) => callDynamo(client, operation, input, timeoutMs()));
}

/** Reads of the event table. */
export function dynamoReads({ timeoutMs = () => TIMEOUT_MS, client }: CallOptions): ReadEvents {
  return (operation, input) => callDynamo(client, operation, input, timeoutMs());
}

async function callDynamo(client: AwsClient, operation: string, input: object, timeoutMs: number) {
  const headers = {
    "content-type": "application/x-amz-json-1.0",
    "x-amz-target": `DynamoDB_20120810.${operation}`,
  };
  return JSON.parse(await client.send({ headers, body: JSON.stringify(input), timeoutMs }));
}

/** Invokes a function asynchronously. Retries are safe: a duplicate hop acquires nothing and ends. */
export function invokeFunction(functionName: string, { timeoutMs = () => TIMEOUT_MS, client }: CallOptions): Invoke {
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
 * Lambda detects recursive invocations by this header, which the AWS SDK sends as well. It is sent because the function's
 * recursion setting allows the chain.
 */
function trace(): Record<string, string> {
  const id = process.env._X_AMZN_TRACE_ID;
  return id ? { "x-amzn-trace-id": id } : {};
}

/** Calls Secrets Manager. */
export async function callSecretsManager<T>(client: AwsClient, operation: string, secretId: string): Promise<T> {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": `secretsmanager.${operation}` };
  const body = JSON.stringify({ SecretId: secretId });
  return JSON.parse(await client.send({ headers, body, timeoutMs: TIMEOUT_MS }));
}
