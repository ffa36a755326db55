import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  ScanCommand,
  UpdateItemCommand,
} from "@aws-sdk/client-dynamodb";
import { STREAM_ID_KEY } from "../contract";
import { StreamError } from "../support/errors";
import { fromAttribute } from "./attribute-values";
import type { ConnectionTable } from "./connection-table";
import type { StoredRow } from "./row-change";
import { toUpdateExpression } from "./update-expression";

export interface DynamoTableOptions {
  /** Made with `maxAttempts: 1`: a retry inside the client would make a change twice (counters are added to). `write` is the retry. */
  readonly client: DynamoDBClient;
  readonly tableName: string;
  /** How long a request may take, asked at each: it shrinks towards the deadline. */
  readonly timeoutMs: () => number;
}

/** The connection table in DynamoDB. Knows no protocol: it carries out {@link RowChange}s and reads consistently. */
export function dynamoTable({ client, tableName, timeoutMs }: DynamoTableOptions): ConnectionTable {
  const abort = () => ({ abortSignal: AbortSignal.timeout(Math.max(1, Math.round(timeoutMs()))) });
  const key = (streamId: string) => ({ TableName: tableName, Key: { [STREAM_ID_KEY]: { S: streamId } } });

  return {
    update: (streamId, change) =>
      answered(change.name, streamId, async () => {
        const command = new UpdateItemCommand({
          ...key(streamId),
          ...toUpdateExpression(change),
          ReturnValues: "ALL_NEW",
        });
        return toRow((await client.send(command, abort())).Attributes);
      }),
    read: (streamId) =>
      answered("read", streamId, async () => {
        const command = new GetItemCommand({ ...key(streamId), ConsistentRead: true });
        return toRow((await client.send(command, abort())).Item);
      }),
    scan: async ({ limit, after } = {}) => {
      const page = await answered("scan", "(all)", () =>
        client.send(
          new ScanCommand({
            TableName: tableName,
            ConsistentRead: true,
            Limit: limit,
            ...(after !== undefined && { ExclusiveStartKey: { [STREAM_ID_KEY]: { S: after } } }),
          }),
          abort(),
        ),
      );
      const next = page?.LastEvaluatedKey?.[STREAM_ID_KEY]?.S;
      return { rows: (page?.Items ?? []).map((item) => toRow(item)!), ...(next !== undefined && { next }) };
    },
  };
}

/** A condition that did not hold and a table that is gone are answers; everything else is no answer. */
async function answered<T>(what: string, streamId: string, send: () => Promise<T>): Promise<T | undefined> {
  try {
    return await send();
  } catch (error) {
    const name = (error as Error).name;
    if (name === "ConditionalCheckFailedException" || name === "ResourceNotFoundException") return undefined;
    throw new StreamError(
      "STORE_UNAVAILABLE",
      `The connection table did not answer: ${what} of ${streamId} (${name})`,
      {
        retryable: true,
        cause: error,
      },
    );
  }
}

function toRow(item: Record<string, AttributeValue> | undefined): StoredRow | undefined {
  if (!item) return undefined;
  const row = Object.fromEntries(Object.entries(item).map(([name, value]) => [name, fromAttribute(value)]));
  return row as unknown as StoredRow;
}
