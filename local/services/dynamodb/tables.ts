import { createHash } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { AwsError } from "../../cloud/aws-error";
import type { CloudEvent } from "../../cloud/cloud-event";
import { type CapturedCall, type Change, captureChanges, nameChange } from "./change-capture";
import { type ChangeStream, openChangeStream, type StreamRecord } from "./change-stream";
import { type Engine, type Item, openEngine, type Parameters } from "./engine";
import { type PartitionThroughput, partitionThroughput, type TakeUnits, writeAccepted } from "./partition-throughput";

export interface TableSpec {
  readonly name: string;
  readonly hashKey: string;
  readonly rangeKey?: string;
  readonly attributes: readonly { readonly name: string; readonly type: string }[];
  /** Absent: no stream. */
  readonly streamViewType?: string;
  /** Attribute with the time at which an item expires. Only described: no item expires here. */
  readonly ttlAttribute?: string;
  readonly globalSecondaryIndexes?: readonly IndexSpec[];
}

export interface IndexSpec {
  readonly name: string;
  readonly hashKey: string;
  readonly rangeKey?: string;
  readonly projectionType: string;
  readonly nonKeyAttributes?: readonly string[];
}

export interface Table {
  readonly arn: string;
  readonly stream?: ChangeStream;
}

/** DynamoDB's tables with their change streams. */
export interface Tables {
  /** Creates a table, or opens the one in the data folder. @throws when that table has other keys */
  put(spec: TableSpec): Promise<Table>;
  remove(name: string): Promise<void>;
  find(name: string): (TableSpec & Table) | undefined;
  streamOf(arn: string): ChangeStream | undefined;
  /** The tables with a stream. */
  streamed(): readonly (TableSpec & Required<Table>)[];
  /** Any operation of DynamoDB's JSON protocol. @throws AwsError with DynamoDB's code */
  call: CapturedCall;
  /** From now on, batches of writes are limited by the throughput of the table's partitions. Undefined: no limit. */
  limit(name: string, throughput: PartitionThroughput | undefined): void;
  close(): Promise<void>;
}

export interface TablesOptions {
  readonly region: string;
  readonly accountId: string;
  readonly dataDir?: string;
  readonly emit: (event: CloudEvent) => void;
  readonly now: () => number;
}

export function openTables({ region, accountId, dataDir, emit, now }: TablesOptions): Tables {
  const folder = dataDir && join(dataDir, "tables");
  const streams = dataDir && join(dataDir, "streams");
  if (folder && streams) for (const path of [folder, streams]) mkdirSync(path, { recursive: true });
  const engine = openEngine({ path: folder, region, accountId });
  const tables = new Map<string, TableSpec & Table>();

  function record(change: Change, requestId: string | undefined): void {
    const eventName = nameChange(change);
    const table = tables.get(change.table);
    if (eventName === undefined || table?.stream === undefined) return;
    const at = now();
    table.stream.append((sequence) => streamRecord(change, eventName, sequence, at, table));
    const keys = plainKeys(change.keys);
    emit({ kind: "record", at, table: change.table, eventName, keys, requestId, image: change.after });
  }

  function streamRecord(
    { keys, before, after }: Change,
    eventName: StreamRecord["eventName"],
    sequence: number,
    at: number,
    { stream, streamViewType = "" }: TableSpec & Table,
  ): StreamRecord {
    const SequenceNumber = String(sequence).padStart(21, "0");
    return {
      eventID: createHash("md5").update(`${stream!.arn}#${SequenceNumber}`).digest("hex"),
      eventName,
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      awsRegion: region,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(at / 1000),
        Keys: keys,
        ...(streamViewType.startsWith("NEW") && after ? { NewImage: after } : {}),
        ...(streamViewType.endsWith("OLD_IMAGES") || streamViewType === "OLD_IMAGE"
          ? before && { OldImage: before }
          : {}),
        SequenceNumber,
        SizeBytes: Buffer.byteLength(JSON.stringify(after ?? keys)),
        StreamViewType: streamViewType,
      },
      eventSourceARN: stream!.arn,
    };
  }

  const call = captureChanges(
    engine,
    (name) => {
      const table = tables.get(name);
      return table && { keyNames: keyNames(table), streamed: table.stream !== undefined };
    },
    record,
  );

  const limits = new Map<string, TakeUnits>();

  return {
    async put(spec) {
      await createIfMissing(engine, spec);
      const arn = `arn:aws:dynamodb:${region}:${accountId}:table/${spec.name}`;
      const streamed = spec.streamViewType !== undefined;
      const existing = tables.get(spec.name)?.stream;
      if (!streamed) existing?.close();
      // On AWS the label is the time when the stream was enabled. Here it is constant, so that a restart finds the stream.
      const open = () =>
        openChangeStream(`${arn}/stream/2026-01-01T00:00:00.000`, streams && join(streams, `${spec.name}.jsonl`));
      const table = { ...spec, arn, stream: streamed ? (existing ?? open()) : undefined };
      tables.set(spec.name, table);
      return table;
    },
    async remove(name) {
      tables.get(name)?.stream?.close();
      tables.delete(name);
      if (streams) rmSync(join(streams, `${name}.jsonl`), { force: true });
      await engine.call("DeleteTable", { TableName: name }).catch(unless("ResourceNotFoundException"));
    },
    find: (name) => tables.get(name),
    streamed: () =>
      [...tables.values()].filter((table): table is TableSpec & Required<Table> => table.stream !== undefined),
    streamOf: (arn) => [...tables.values()].find(({ stream }) => stream?.arn === arn)?.stream,
    call: (operation, input, requestId) =>
      operation === "BatchWriteItem" && limits.size > 0
        ? writeAccepted(
            input,
            (name) => limits.get(name),
            (accepted) => call(operation, accepted, requestId),
          )
        : call(operation, input, requestId),
    limit(name, throughput) {
      const table = tables.get(name);
      if (throughput === undefined) limits.delete(name);
      else if (table === undefined) throw new Error(`Expected an existing table, got ${name}.`);
      else limits.set(name, partitionThroughput(throughput, table.hashKey, now));
    },
    async close() {
      for (const { stream } of tables.values()) stream?.close();
      await engine.close();
    },
  };
}

async function createIfMissing(engine: Engine, spec: TableSpec): Promise<void> {
  const input: Parameters = {
    TableName: spec.name,
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: spec.attributes.map(({ name, type }) => ({ AttributeName: name, AttributeType: type })),
    KeySchema: keySchema(spec),
    ...(spec.globalSecondaryIndexes?.length ? { GlobalSecondaryIndexes: spec.globalSecondaryIndexes.map(index) } : {}),
  };
  await engine.call("CreateTable", input).catch(unless("ResourceInUseException"));
  for (;;) {
    const { Table } = (await engine.call("DescribeTable", { TableName: spec.name })) as { Table: Described };
    if (Table.TableStatus !== "ACTIVE") {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    const found = Table.KeySchema.map(({ AttributeName }) => AttributeName).join(", ");
    if (found === keyNames(spec).join(", ")) return;
    throw new Error(`The table ${spec.name} exists with the keys ${found}; expected ${keyNames(spec).join(", ")}.`);
  }
}

interface Described {
  readonly TableStatus: string;
  readonly KeySchema: readonly { readonly AttributeName: string }[];
}

export function keySchema({ hashKey, rangeKey }: Pick<TableSpec, "hashKey" | "rangeKey">) {
  return [
    { AttributeName: hashKey, KeyType: "HASH" },
    ...(rangeKey ? [{ AttributeName: rangeKey, KeyType: "RANGE" }] : []),
  ];
}

function index({ name, projectionType, nonKeyAttributes, ...keys }: IndexSpec) {
  return {
    IndexName: name,
    KeySchema: keySchema(keys),
    Projection: {
      ProjectionType: projectionType,
      ...(nonKeyAttributes?.length && { NonKeyAttributes: nonKeyAttributes }),
    },
  };
}

function keyNames({ hashKey, rangeKey }: Pick<TableSpec, "hashKey" | "rangeKey">): string[] {
  return rangeKey ? [hashKey, rangeKey] : [hashKey];
}

/** Key values as text, for events. */
export function plainKeys(keys: Item): Record<string, string> {
  return Object.fromEntries(Object.entries(keys).map(([name, value]) => [name, String(Object.values(value)[0])]));
}

function unless(code: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof AwsError) || error.code !== code) throw error;
  };
}
