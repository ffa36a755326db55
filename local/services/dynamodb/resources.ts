import type { Cloud } from "../../cloud/cloud";
import { LocalError } from "../../local-error";
import { define, physicalName } from "../../resources/define";
import type { Item } from "./engine";
import type { IndexSpec, Table, Tables } from "./tables";

interface DynamoDbCloud extends Cloud {
  readonly tables: Tables;
}

interface TableInputs {
  readonly name?: string;
  readonly hashKey: string;
  readonly rangeKey?: string;
  readonly attributes: readonly { readonly name: string; readonly type: string }[];
  readonly streamEnabled?: boolean;
  readonly streamViewType?: string;
  readonly ttl?: { readonly attributeName?: string; readonly enabled?: boolean };
  readonly globalSecondaryIndexes?: readonly IndexSpec[];
}

/** A table with its optional change stream. Capacity, encryption, recovery and TTL have no effect here. */
export const table = define<DynamoDbCloud, TableInputs>({
  inputs: [
    "name",
    "attributes",
    "hashKey",
    "rangeKey",
    "billingMode",
    "streamEnabled",
    "streamViewType",
    "ttl",
    "globalSecondaryIndexes",
    "localSecondaryIndexes",
    "pointInTimeRecovery",
    "serverSideEncryption",
    "deletionProtectionEnabled",
    "tableClass",
    "readCapacity",
    "writeCapacity",
    "warmThroughput",
    "tags",
  ],
  replaceOn: ["name", "hashKey", "rangeKey", "localSecondaryIndexes"],
  async put({ tables }, { name: pulumiName, inputs }, before) {
    const name = before?.id ?? physicalName(inputs.name, pulumiName, 255);
    const table = await tables.put({
      name,
      hashKey: inputs.hashKey,
      rangeKey: inputs.rangeKey,
      attributes: inputs.attributes,
      streamViewType: inputs.streamEnabled ? inputs.streamViewType : undefined,
      ttlAttribute: inputs.ttl?.enabled ? inputs.ttl.attributeName : undefined,
      globalSecondaryIndexes: inputs.globalSecondaryIndexes,
    });
    return { id: name, outputs: computed(name, table) };
  },
  lookUp({ tables }, id) {
    const table = tables.find(id);
    if (table === undefined) return undefined;
    const { name, hashKey, rangeKey, attributes, streamViewType } = table;
    const stream = streamViewType === undefined ? {} : { streamEnabled: true, streamViewType };
    return { id, outputs: { ...computed(name, table), hashKey, rangeKey, attributes, ...stream } };
  },
  remove: ({ tables }, id) => tables.remove(id),
});

function computed(name: string, { arn, stream }: Table): Record<string, string> {
  const streamArn = stream?.arn ?? "";
  return { name, arn, streamArn, streamLabel: streamArn.split("/stream/")[1] ?? "" };
}

interface TableItemInputs {
  readonly tableName: string;
  readonly hashKey: string;
  readonly rangeKey?: string;
  /** The item as DynamoDB JSON. */
  readonly item: string;
}

/** One item that the program owns. As with the real provider, the create fails if an item has its key. */
export const tableItem = define<DynamoDbCloud, TableItemInputs>({
  inputs: ["tableName", "hashKey", "rangeKey", "item"],
  replaceOn: ["tableName", "hashKey", "rangeKey"],
  async put({ tables }, { inputs }, before) {
    const { tableName, hashKey, rangeKey, item } = inputs;
    const parsed = JSON.parse(item) as Item;
    const absent = { ConditionExpression: "attribute_not_exists(#key)", ExpressionAttributeNames: { "#key": hashKey } };
    await tables.call("PutItem", { TableName: tableName, Item: parsed, ...(before ? {} : absent) });
    const keys = [hashKey, rangeKey].filter((name) => name !== undefined);
    return { id: [tableName, ...keys.map((name) => JSON.stringify(parsed[name]))].join("|") };
  },
  async remove({ tables }, _, { tableName, hashKey, rangeKey, item }) {
    if (tables.find(String(tableName)) === undefined) return;
    const parsed = JSON.parse(String(item)) as Item;
    const keys = [hashKey, rangeKey].filter((name): name is string => typeof name === "string");
    const Key = Object.fromEntries(keys.map((name) => [name, parsed[name]]));
    await tables.call("DeleteItem", { TableName: tableName, Key });
  },
});

/** `aws.dynamodb.getTable`: looks up an existing table. */
export function getTable({ tables }: DynamoDbCloud, { name }: Readonly<Record<string, unknown>>) {
  const table = tables.find(String(name));
  if (table === undefined) throw new LocalError(`The local stack has no table ${String(name)}.`);
  const { arn, hashKey, rangeKey = "", stream, streamViewType = "" } = table;
  const streamed = { streamEnabled: stream !== undefined, streamArn: stream?.arn ?? "", streamViewType };
  return { id: name, name, arn, hashKey, rangeKey, ...streamed };
}
