import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { DECLARED_ROW, EVENT_KEY, STREAM_ID_KEY, TTL_ATTRIBUTE } from "../runtime/contract";
import { checkExistingTable, type TableShape } from "./adopt";
import { capacityArgs, type EventCapacity, scaleCapacity, scaledAttributes } from "./event-capacity";
import type { Arns } from "./permissions";
import { type Scope, stateful } from "./scope";
import { transformed } from "./transform";

/** Names of existing tables to use. */
interface ExistingTables {
  readonly connectionTable?: pulumi.Input<string>;
  readonly eventTable?: pulumi.Input<string>;
}

/** The resources with state. */
export interface Stores {
  /** The secret with URL, path, key, headers, query and messages of the upstream. */
  readonly secret: aws.secretsmanager.Secret;
  /** Absent for an existing secret. */
  readonly secretVersion?: aws.secretsmanager.SecretVersion;
  readonly connectionTable: aws.dynamodb.Table;
  readonly eventTable: aws.dynamodb.Table;
  readonly bucket: aws.s3.Bucket;
  readonly arns: Arns;
}

/** Creates the table with one row per stream: its desired state, lease and checkpoint. An existing table is never changed. */
export function createConnectionTable(scope: Scope, { connectionTable: table }: ExistingTables): aws.dynamodb.Table {
  const shape = { argument: "connections.table", hashKey: STREAM_ID_KEY };
  const name = `${scope.name}-connections`;
  if (table !== undefined) return existingTable(scope, name, table, shape);
  return new aws.dynamodb.Table(
    name,
    transformed<aws.dynamodb.TableArgs>(scope, "connectionTable", name, {
      ...protection(scope),
      hashKey: STREAM_ID_KEY,
      attributes: [{ name: STREAM_ID_KEY, type: "S" }],
    }),
    stateful(scope),
  );
}

/** Encryption with the customer's key; by default, DynamoDB encrypts with its own key. */
function protection({ account, tags }: Scope) {
  const { kmsKeyArn, deletionProtection } = account;
  return {
    billingMode: "PAY_PER_REQUEST",
    pointInTimeRecovery: { enabled: true },
    serverSideEncryption: kmsKeyArn === undefined ? undefined : { enabled: true, kmsKeyArn },
    deletionProtectionEnabled: deletionProtection || undefined,
    tags,
  };
}

function existingTable(scope: Scope, name: string, table: pulumi.Input<string>, shape: TableShape) {
  // Not the id of the lookup: the SDK never stops waiting for an id that is rejected.
  checkExistingTable(table, shape, scope.parent);
  return aws.dynamodb.Table.get(name, table, undefined, { parent: scope.parent });
}

/**
 * Key of that row, unique per deployment. The provider creates an item only if its key does not exist, and an existing table can
 * contain the row of another deployment, or of this one before the table was restored.
 *
 * @param unique - id of a resource of this deployment
 */
export function declaredRowKey(
  { connectionTable: existing }: ExistingTables,
  table: aws.dynamodb.Table,
  unique: pulumi.Output<string>,
): pulumi.Input<string> {
  if (existing === undefined) return DECLARED_ROW;
  return pulumi.interpolate`${table.arn} ${unique}`
    .apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 16))
    .apply((hash) => `${DECLARED_ROW}:${hash}`);
}

/** Writes the declared streams to one row that the deployment owns, so that a deployment never changes a stream's row. */
export function createDeclaredRow(
  scope: Scope,
  table: aws.dynamodb.Table,
  key: pulumi.Input<string>,
  streams: pulumi.Input<readonly string[]>,
): aws.dynamodb.TableItem {
  const name = `${scope.name}-declared`;
  const item = pulumi
    .all([key, streams])
    .apply(([row, ids]) => ({ [STREAM_ID_KEY]: { S: row }, streams: { L: ids.map((S) => ({ S })) } }));
  return new aws.dynamodb.TableItem(
    name,
    transformed<aws.dynamodb.TableItemArgs>(scope, "declaredRow", name, {
      tableName: table.name,
      hashKey: table.hashKey,
      item: pulumi.jsonStringify(item),
    }),
    { parent: scope.parent },
  );
}

/** Creates the table that stores every event once. Its stream invokes the processor. An existing table is never changed. */
export function createEventTable(
  scope: Scope,
  {
    existing: { eventTable: table },
    countRepeats,
    capacity,
  }: { readonly existing: ExistingTables; readonly countRepeats: boolean; readonly capacity: EventCapacity },
): aws.dynamodb.Table {
  const stream = countRepeats ? "new and old images" : "new images";
  const shape = { argument: "events.table", hashKey: STREAM_ID_KEY, rangeKey: EVENT_KEY, stream } as const;
  const name = `${scope.name}-events`;
  if (table !== undefined) return existingTable(scope, name, table, shape);
  const created = new aws.dynamodb.Table(
    name,
    transformed<aws.dynamodb.TableArgs>(scope, "eventTable", name, {
      ...protection(scope),
      ...capacityArgs(capacity),
      hashKey: STREAM_ID_KEY,
      rangeKey: EVENT_KEY,
      attributes: [
        { name: STREAM_ID_KEY, type: "S" },
        { name: EVENT_KEY, type: "S" },
      ],
      ttl: { attributeName: TTL_ATTRIBUTE, enabled: true },
      streamEnabled: true,
      // Old images also without `countRepeats`: a change would replace the stream, and records could be lost.
      streamViewType: "NEW_AND_OLD_IMAGES",
    }),
    { ...stateful(scope), ignoreChanges: scaledAttributes(capacity) },
  );
  scaleCapacity(scope, created, capacity);
  return created;
}
