import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { COMPONENT_TYPE, EVENT_KEY } from "pulumi-stream-ingestion/internal";
import {
  type LocalStack,
  type LocalStackOptions,
  operatorEnvironment,
  type StackState,
  startLocalStack,
} from "stream-ingestion-local";
import { type ConnectionApi, connectionApi, type StreamView } from "./connection-api";
import { streamsOf } from "./watch-streams";

/** One `StreamIngestion` of the program. */
export interface Instance {
  readonly name: string;
  readonly apiUrl: string;
  readonly api: ConnectionApi;
  readonly eventTables: readonly string[];
  /** Streams that the program declares. */
  readonly declaredStreams: readonly string[];
  readonly functions: readonly string[];
  /** Name of the processor. Absent: it is not a function of this machine. */
  readonly processor?: string;
}

/** A running program with its streams. */
export interface IngestionStack extends LocalStack {
  /** Environment of the operator for other processes; `undefined`: must not be set. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly instances: readonly Instance[];
  /** The streams of earlier runs, as they were when this stack started. */
  readonly streamsBefore: readonly StreamView[];
  /** Resolves to whether the processors among the changed resources could load their code, as soon as that is known. */
  loaded(changed: readonly string[]): Promise<boolean>;
  /** Stops the streams through the API and waits until no hop owns one, at most `timeoutMs`. */
  stopStreams(timeoutMs: number): Promise<void>;
}

/** Streams that ran when the stack was closed. The next start with the same data folder starts them again. */
const RUNNING_FILE = "running-streams.json";
const POLL_MS = 100;

/** Starts a program on this machine and finds its instances. @throws LocalError for an error that the user can fix */
export async function startIngestionStack(options: LocalStackOptions): Promise<IngestionStack> {
  const local = await startLocalStack(options);
  try {
    const stack = await withStreams(local, options.dataDir);
    await restartStreams(stack, options.dataDir);
    return stack;
  } catch (error) {
    await local.close();
    throw error;
  }
}

async function withStreams(local: LocalStack, dataDir: string | undefined): Promise<IngestionStack> {
  let instances = instancesOf(local);
  const isKept = dataDir !== undefined && existsSync(join(dataDir, RUNNING_FILE));
  return {
    ...local,
    get resources() {
      return local.resources;
    },
    get outputs() {
      return local.outputs;
    },
    async update() {
      const changed = await local.update();
      instances = instancesOf(local);
      return changed;
    },
    environment: operatorEnvironment(local.cloud),
    get instances() {
      return instances;
    },
    async loaded(changed) {
      const processors = new Set(instances.flatMap(({ processor }) => processor ?? []));
      const names = local.resources
        .filter(({ name }) => changed.includes(name))
        .map(({ outputs }) => String(outputs.name));
      const all = await Promise.all(names.filter((name) => processors.has(name)).map(local.cloud.functions.loaded));
      return all.every((loaded) => loaded);
    },
    streamsBefore: isKept ? await streamsOf({ instances }) : [],
    async stopStreams(timeoutMs) {
      const running: Record<string, string[]> = {};
      for (const { name, api } of instances) {
        const live = (await api.list()).filter((stream) => stream.desired === "open");
        running[name] = live.map(({ streamId }) => streamId);
        await Promise.all(running[name].map((streamId) => api.stop(streamId)));
      }
      if (dataDir !== undefined) writeFileSync(join(dataDir, RUNNING_FILE), JSON.stringify(running));
      const end = Date.now() + timeoutMs;
      while (Date.now() < end && (await anyLive(instances))) await sleep(POLL_MS);
    },
  };
}

/** Starts the streams that {@link IngestionStack.stopStreams} stopped when the stack was closed. */
async function restartStreams({ instances }: IngestionStack, dataDir: string | undefined): Promise<void> {
  const file = join(dataDir ?? "", RUNNING_FILE);
  if (dataDir === undefined || !existsSync(file)) return;
  const running = JSON.parse(readFileSync(file, "utf8")) as Record<string, string[]>;
  for (const { name, api } of instances) for (const streamId of running[name] ?? []) await api.start(streamId);
}

async function anyLive(instances: readonly Instance[]): Promise<boolean> {
  const lists = await Promise.all(instances.map(({ api }) => api.list()));
  return lists.flat().some(({ live }) => live);
}

function instancesOf({ cloud, resources }: LocalStack): Instance[] {
  const components = resources.filter(
    ({ type, outputs }) => type === COMPONENT_TYPE && typeof outputs.apiUrl === "string",
  );
  return components.map(({ urn, name, outputs }) => ({
    name,
    apiUrl: String(outputs.apiUrl),
    api: connectionApi(String(outputs.apiUrl), cloud),
    eventTables: eventTablesOf(resources, urn),
    declaredStreams: declaredIn(resources, urn),
    functions: functionsOf(resources, urn),
    processor: cloud.functions.find(String(outputs.processorArn))?.name,
  }));
}

/** From the row of the connection table that the deployment owns. */
function declaredIn(resources: StackState, component: string): string[] {
  return resources
    .filter(({ type, parent }) => type === "aws:dynamodb/tableItem:TableItem" && parent === component)
    .flatMap(
      ({ outputs }) => (JSON.parse(String(outputs.item)) as { streams?: { L?: { S: string }[] } }).streams?.L ?? [],
    )
    .map(({ S }) => S);
}

function functionsOf(resources: StackState, component: string): string[] {
  return resources
    .filter(({ type, parent }) => type === "aws:lambda/function:Function" && parent === component)
    .map(({ outputs }) => String(outputs.name));
}

function eventTablesOf(resources: StackState, component: string): string[] {
  return resources
    .filter(({ type, parent, outputs }) => {
      return type === "aws:dynamodb/table:Table" && parent === component && outputs.rangeKey === EVENT_KEY;
    })
    .map((table) => String(table.outputs.name));
}
