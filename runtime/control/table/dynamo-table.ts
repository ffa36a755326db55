import { STREAM_ID_KEY } from "../../contract";
import { StreamError } from "../../support/errors";
import { type AttributeValue, fromAttribute } from "./attribute-values";
import type { ConnectionTable } from "./connection-table";
import type { StoredRow } from "./row-change";
import { toUpdateExpression } from "./update-expression";

export type DynamoOperation = "GetItem" | "Scan" | "UpdateItem";

/**
 * One DynamoDB call, with the API's input and output. Rejects with an error whose `name` is the AWS error code. It must make one
 * attempt only: a retried update would add its counters twice.
 */
export type SendDynamo = (operation: DynamoOperation, input: object) => Promise<DynamoAnswer>;

interface DynamoAnswer {
  readonly Item?: Item;
  readonly Attributes?: Item;
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Item;
}

type Item = Readonly<Record<string, AttributeValue>>;

/** The connection table in DynamoDB. Applies {@link RowChange}s and reads consistently. */
export function dynamoTable(tableName: string, send: SendDynamo): ConnectionTable {
  const key = (streamId: string) => ({ [STREAM_ID_KEY]: { S: streamId } });
  const TableName = tableName;

  return {
    update: async (streamId, change) => {
      const update = { TableName, Key: key(streamId), ...toUpdateExpression(change), ReturnValues: "ALL_NEW" };
      return toRow((await respond(change.name, streamId, () => send("UpdateItem", update)))?.Attributes);
    },
    read: async (streamId) => {
      const get = { TableName, Key: key(streamId), ConsistentRead: true };
      return toRow((await respond("read", streamId, () => send("GetItem", get)))?.Item);
    },
    scan: async ({ limit, after } = {}) => {
      const scan = {
        TableName,
        ConsistentRead: true,
        ...(limit !== undefined && { Limit: limit }),
        ...(after !== undefined && { ExclusiveStartKey: key(after) }),
      };
      const page = await respond("scan", "(all)", () => send("Scan", scan));
      const next = page?.LastEvaluatedKey?.[STREAM_ID_KEY]?.S;
      return { rows: (page?.Items ?? []).map((item) => toRow(item)!), ...(next !== undefined && { next }) };
    },
  };
}

/** A failed condition and a missing table give `undefined`. Every other error means that there was no usable response. */
async function respond<T>(operation: string, streamId: string, send: () => Promise<T>): Promise<T | undefined> {
  try {
    return await send();
  } catch (error) {
    const name = (error as Error).name;
    if (name === "ConditionalCheckFailedException" || name === "ResourceNotFoundException") return undefined;
    throw new StreamError(
      "STORE_UNAVAILABLE",
      `The connection table did not respond to ${operation} of ${streamId}: ${name}.`,
      {
        retryable: true,
        cause: error,
      },
    );
  }
}

function toRow(item: Item | undefined): StoredRow | undefined {
  if (!item) return undefined;
  const row = Object.fromEntries(Object.entries(item).map(([name, value]) => [name, fromAttribute(value)]));
  return row as unknown as StoredRow;
}
