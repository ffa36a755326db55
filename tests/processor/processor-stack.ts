import { spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { type LocalStack, operatorEnvironment, startLocalStack } from "stream-ingestion-local";
import { encodeItem } from "../../runtime/data/item";
import { FROM_SOURCE } from "../../scripts/from-source";
import { type EventLog, eventLog } from "../local/event-log";

const ROOT = resolve(__dirname, "../..");

export interface Handled {
  readonly handled: string;
  /** The first 48 bytes, base64. */
  readonly bytes: string;
  readonly size: number;
  readonly binary: boolean;
}

/** A deployment on the local stack whose event table the tests fill themselves. */
export interface ProcessorStack extends Pick<EventLog, "until"> {
  readonly stack: LocalStack;
  /** Stores events in one write, as the relay does. The keys are numbered from 1 within the stream. */
  store(streamId: string, data: readonly (string | Buffer)[]): Promise<void>;
  /** The events of a stream that the processor logged as handled, in order. */
  handled(streamId: string): Handled[];
  /** Objects of the bucket by key. */
  objects(prefix: string): Promise<Map<string, string>>;
  /** Names of the alarms in state ALARM. */
  activeAlarms(): Promise<string[]>;
  /** `stream-ingestion …` with the operator's credentials. */
  cli(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }>;
  close(): Promise<void>;
}

export async function startProcessorStack(): Promise<ProcessorStack> {
  const log = eventLog();
  const stack = await startLocalStack({
    program: resolve(__dirname, "program"),
    stack: "test",
    config: {},
    secrets: {},
    onReport: () => {},
    onEvent: log.onEvent,
  });
  const { endpoint, region, operator } = stack.cloud;
  const { tableName, bucketName } = stack.outputs as Record<string, string>;
  const s3 = new S3Client({ endpoint, region, credentials: operator, forcePathStyle: true });
  const dynamo = new DynamoDBClient({ endpoint, region, credentials: operator });
  const cloudWatch = new CloudWatchClient({ endpoint, region, credentials: operator });

  return {
    stack,
    async store(streamId, data) {
      const items = data.map((one, index) => {
        const key = `${streamId}-${index + 1}`;
        const sequence = `1.1.${index + 1}`;
        const dataBytes = Buffer.byteLength(one);
        const event = {
          streamId,
          key,
          type: "message",
          id: "",
          data: one,
          dataBytes,
          receivedAt: Date.now(),
          sequence,
        };
        return encodeItem(event, 3_600, 1);
      });
      for (const { oversize } of items)
        if (oversize)
          await s3.send(new PutObjectCommand({ Bucket: bucketName, Key: oversize.key, Body: oversize.bytes }));
      await putAll(
        dynamo,
        tableName!,
        items.map(({ json }) => json),
      );
    },
    handled: (streamId) =>
      log.events.flatMap((event) => {
        if (event.kind !== "log" || !event.line.startsWith('{"handled"')) return [];
        const handled = JSON.parse(event.line) as Handled;
        return handled.handled.startsWith(`${streamId}-`) ? [handled] : [];
      }),
    async activeAlarms() {
      const { MetricAlarms = [] } = await cloudWatch.send(new DescribeAlarmsCommand({ StateValue: "ALARM" }));
      return MetricAlarms.map(({ AlarmName = "" }) => AlarmName);
    },
    async objects(prefix) {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket: bucketName, Prefix: prefix }));
      const bodies = Contents.map(async ({ Key }) => {
        const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucketName, Key }));
        return [Key!, await Body!.transformToString()] as const;
      });
      return new Map(await Promise.all(bodies));
    },
    until: log.until,
    async cli(...args) {
      const main = resolve(ROOT, "cli/main.ts");
      const child = spawn(process.execPath, [...FROM_SOURCE, main, ...args], {
        stdio: ["ignore", "pipe", "pipe"],
        cwd: ROOT,
        env: {
          ...process.env,
          ...operatorEnvironment({ endpoint, region, operator }),
        },
      });
      const output = { stdout: "", stderr: "" };
      for (const name of ["stdout", "stderr"] as const)
        child[name].on("data", (chunk) => {
          output[name] += chunk;
        });
      const [code] = await once(child, "close");
      return { code: code as number | null, ...output };
    },
    async close() {
      s3.destroy();
      dynamo.destroy();
      cloudWatch.destroy();
      await stack.close();
    },
  };
}

/** The items are DynamoDB JSON, which the SDK accepts only as objects. */
async function putAll(client: DynamoDBClient, table: string, items: readonly string[]): Promise<void> {
  const { BatchWriteItemCommand } = await import("@aws-sdk/client-dynamodb");
  const puts = items.map((json) => ({ PutRequest: { Item: withBytes(JSON.parse(json)) } }));
  await client.send(new BatchWriteItemCommand({ RequestItems: { [table]: puts } }));
}

function withBytes(item: Record<string, { S?: string; N?: string; B?: string }>) {
  const attributes = Object.entries(item).map(([name, value]) => [
    name,
    value.B === undefined ? value : { B: Buffer.from(value.B, "base64") },
  ]);
  return Object.fromEntries(attributes);
}
