import { resolve } from "node:path";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import { type EngineCloud, type LocalCloud, startEngineCloud } from "stream-ingestion-local";
import { StreamIngestion, type StreamIngestionArgs, type StreamIngestionOptions } from "../../components/index";
import { type EventLog, eventLog } from "../local/event-log";

/** Handles every event and prints its key. */
const PROCESSOR = resolve(__dirname, "program/processor.ts");

export interface StartedCloud extends EngineCloud, Pick<EventLog, "events" | "until"> {
  /** Messages about skipped resources. */
  readonly reports: readonly string[];
}

/** A local cloud with the provider for one stack. */
export async function startCloud(
  options: { stack?: string; hopSeconds?: number; dataDir?: string } = {},
): Promise<StartedCloud> {
  const { events, onEvent, until } = eventLog();
  const reports: string[] = [];
  const engine = await startEngineCloud({
    stack: options.stack ?? "local",
    hopSeconds: options.hopSeconds,
    dataDir: options.dataDir,
    directory: __dirname,
    report: (message) => reports.push(message),
    onEvent,
  });
  return { ...engine, events, reports, until };
}

/** Writes an item as the operator. */
export async function putItem(
  cloud: LocalCloud,
  TableName: string,
  Item: Record<string, { S: string }>,
): Promise<void> {
  const { endpoint, region, operator } = cloud;
  const client = new DynamoDBClient({ endpoint, region, credentials: operator });
  await client.send(new PutItemCommand({ TableName, Item }));
  client.destroy();
}

export type Overrides = Partial<StreamIngestionArgs>;

const DEFAULTS = {
  source: { url: "http://127.0.0.1:9", path: "/v1/{streamId}", key: "key" },
  processor: { entry: PROCESSOR },
  removal: "delete",
} as const;

/** A program with one instance. Missing arguments have minimal defaults. */
export function program(args: Overrides = {}, opts: StreamIngestionOptions = {}, name = "prices"): PulumiFn {
  return async () => {
    const { apiUrl, tableName, connectionTableName, bucketName } = new StreamIngestion(
      name,
      { ...DEFAULTS, ...args },
      opts,
    );
    return { apiUrl, tableName, connectionTableName, bucketName };
  };
}

program.defaults = DEFAULTS;
