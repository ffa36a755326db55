import { STREAM_ID_KEY } from "../../contract";
import { StreamError } from "../../support/errors";
import { type AttributeValue, fromAttribute } from "./attribute-values";
import type { ConnectionTable } from "./connection-table";
import type { RowChange, StoredRow } from "./row-change";
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
      const apply = async () => {
        try {
          return await send("UpdateItem", update);
        } catch (error) {
          const maps = (error as Error).name === "ValidationException" ? mapsOf(change) : [];
          if (maps.length === 0) throw error;
          await send("UpdateItem", { TableName, Key: key(streamId), ...createMaps(maps) });
          return send("UpdateItem", update);
        }
      };
      return toRow((await respond(change.name, streamId, apply))?.Attributes);
    },
    read: async (streamId, { consistent = true } = {}) => {
      const get = { TableName, Key: key(streamId), ConsistentRead: consistent };
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

/** The maps that a change adds numbers in. DynamoDB rejects the change of a row that an older release wrote without the map. */
function mapsOf({ add = {}, move }: RowChange): string[] {
  const paths = [...Object.keys(add), ...(move ? [move.from, move.to] : [])];
  return [...new Set(paths.filter((path) => path.includes(".")).map((path) => path.split(".")[0]!))];
}

/** Creates the maps that an existing row does not have. */
function createMaps(maps: readonly string[]): object {
  return {
    UpdateExpression: `SET ${maps.map((_, i) => `#m${i} = if_not_exists(#m${i}, :empty)`).join(", ")}`,
    ConditionExpression: "attribute_exists(#id)",
    ExpressionAttributeNames: { "#id": STREAM_ID_KEY, ...Object.fromEntries(maps.map((map, i) => [`#m${i}`, map])) },
    ExpressionAttributeValues: { ":empty": { M: {} } },
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
