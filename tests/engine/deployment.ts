import { resolve } from "node:path";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import type { PulumiFn } from "@pulumi/pulumi/automation";
import type { CloudEvent, LocalCloud } from "stream-ingestion-local";
import { type EngineCloud, startEngineCloud } from "stream-ingestion-local";
import { StreamIngestion, type StreamIngestionArgs, type StreamIngestionOptions } from "../../components/index";

/** Handles every event and prints its key. */
const PROCESSOR = resolve(__dirname, "program/processor.ts");

export interface StartedCloud extends EngineCloud {
  readonly events: readonly CloudEvent[];
  /** What was passed over. */
  readonly reports: readonly string[];
  /** Resolves when `is` holds; asked whenever something happened in the cloud. */
  until(what: string, is: () => boolean | Promise<boolean>, patienceMs?: number): Promise<void>;
}

/** A local cloud with the provider in front of it, for one stack. */
export async function startCloud(
  given: { stack?: string; hopSeconds?: number; dataDir?: string } = {},
): Promise<StartedCloud> {
  const events: CloudEvent[] = [];
  const reports: string[] = [];
  const looks = new Set<() => void>();
  const engine = await startEngineCloud({
    stack: given.stack ?? "local",
    hopSeconds: given.hopSeconds,
    dataDir: given.dataDir,
    directory: __dirname,
    report: (sentence) => reports.push(sentence),
    onEvent: (event) => {
      events.push(event);
      for (const look of looks) look();
    },
  });
  async function until(what: string, is: () => boolean | Promise<boolean>, patienceMs = 60_000): Promise<void> {
    const end = Date.now() + patienceMs;
    while (!(await is())) {
      if (Date.now() > end) throw new Error(`Waited ${patienceMs / 1_000} s in vain: ${what}.`);
      await new Promise<void>((wake) => {
        const timer = setTimeout(done, Math.max(1, end - Date.now()));
        function done(): void {
          clearTimeout(timer);
          looks.delete(done);
          wake();
        }
        looks.add(done);
      });
    }
  }
  return { ...engine, events, reports, until };
}

/** Writes an item, as the one who operates the cloud. */
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

/** A program with one instance; what is not given is the least that works. */
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
