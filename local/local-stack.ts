import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { EVENT_KEY } from "../runtime/contract";
import type { CloudOptions, LocalCloud } from "./aws/cloud";
import { type ConnectionApi, connectionApiClient } from "./connection-api-client";
import { type ConfigOverrides, readConfig } from "./evaluate/config";
import { createDeployment, stackOutputs } from "./evaluate/deployment";
import { evaluate } from "./evaluate/evaluate";
import { readProject } from "./evaluate/project";
import { readState, type StackState, writeState } from "./evaluate/stack-state";
import type { Realiser } from "./resources/realiser";

export interface LocalStackOptions extends ConfigOverrides, CloudOptions {
  /** Folder of the Pulumi project. */
  readonly program: string;
  readonly stack: string;
  /** Told of what the program prints and of what the local stack does not model. */
  readonly onReport: (sentence: string) => void;
  /** Aborted while the stack starts: everything is ended and the start rejects. */
  readonly signal?: AbortSignal;
}

/** What the stack is made of; `index.ts` joins them. */
export interface LocalParts {
  startCloud(options: CloudOptions): Promise<LocalCloud>;
  readonly realisers: ReadonlyMap<string, Realiser>;
}

/** One `StreamIngestion` of the program. */
export interface Instance {
  readonly name: string;
  readonly apiUrl: string;
  readonly api: ConnectionApi;
  readonly eventTables: readonly string[];
}

/** A running program: its resources exist, its streams run as its API says. */
export interface LocalStack {
  readonly cloud: LocalCloud;
  readonly instances: readonly Instance[];
  /** What the program exports; secret values are shown as `[secret]`. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Stops the streams through the API and waits, at most `patienceMs`, until no hop holds one. */
  stopStreams(patienceMs: number): Promise<void>;
  /** Ends everything that runs. What is stored by then is still delivered. */
  close(): Promise<void>;
}

const COMPONENT = "stream-ingestion:index:StreamIngestion";
/** Streams that ran when the stack was closed: the next start of a kept stack starts them again. */
const RUNNING_FILE = "running-streams.json";
const POLL_MS = 100;

/** Evaluates a program and runs what it registers. @throws LocalError for whatever its user can mend */
export async function startStack(parts: LocalParts, options: LocalStackOptions): Promise<LocalStack> {
  const project = readProject(options.program);
  const config = readConfig(project, options.stack, options);
  const before = options.dataDir === undefined ? [] : readState(options.dataDir);
  const cloud = await parts.startCloud(options);
  try {
    const place = { "aws:region": cloud.region };
    const deployment = createDeployment({
      cloud,
      realisers: parts.realisers,
      before,
      restarted: before.length > 0,
      report: options.onReport,
    });
    const keep = (state: StackState) => {
      if (options.dataDir !== undefined) writeState(options.dataDir, state);
    };
    const state = await evaluate({
      project,
      stack: options.stack,
      config: { ...config, values: { ...place, ...config.values } },
      deployment,
      onLine: options.onReport,
      signal: options.signal,
    }).finally(() => keep(deployment.state()));
    keep(state);
    const stack = stackOf(cloud, state, options.dataDir);
    await startAgain(stack, options.dataDir);
    return stack;
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

function stackOf(cloud: LocalCloud, state: StackState, dataDir: string | undefined): LocalStack {
  const instances = instancesOf(cloud, state);
  return {
    cloud,
    instances,
    outputs: shownOutputs(state),
    stopStreams: async (patienceMs) => {
      const running: Record<string, string[]> = {};
      for (const { name, api } of instances) {
        const live = (await api.list()).filter((stream) => stream.desired === "open");
        running[name] = live.map(({ streamId }) => streamId);
        await Promise.all(running[name].map((streamId) => api.stop(streamId)));
      }
      if (dataDir !== undefined) writeFileSync(join(dataDir, RUNNING_FILE), JSON.stringify(running));
      const end = Date.now() + patienceMs;
      while (Date.now() < end && (await anyLive(instances))) await sleep(POLL_MS);
    },
    close: () => cloud.close(),
  };
}

/** The streams that {@link LocalStack.stopStreams} stopped only because the stack was closed. */
async function startAgain({ instances }: LocalStack, dataDir: string | undefined): Promise<void> {
  const file = join(dataDir ?? "", RUNNING_FILE);
  if (dataDir === undefined || !existsSync(file)) return;
  const running = JSON.parse(readFileSync(file, "utf8")) as Record<string, string[]>;
  for (const { name, api } of instances) for (const streamId of running[name] ?? []) await api.start(streamId);
}

async function anyLive(instances: readonly Instance[]): Promise<boolean> {
  const lists = await Promise.all(instances.map(({ api }) => api.list()));
  return lists.flat().some(({ live }) => live);
}

function instancesOf(cloud: LocalCloud, state: StackState): Instance[] {
  const components = state.filter(({ type, outputs }) => type === COMPONENT && typeof outputs.apiUrl === "string");
  return components.map(({ urn, name, outputs }) => ({
    name,
    apiUrl: String(outputs.apiUrl),
    api: connectionApiClient(String(outputs.apiUrl), cloud),
    eventTables: state
      .filter(({ type, parent, outputs }) => {
        return type === "aws:dynamodb/table:Table" && parent === urn && outputs.rangeKey === EVENT_KEY;
      })
      .map((table) => String(table.outputs.name)),
  }));
}

function shownOutputs(state: StackState): Record<string, unknown> {
  const { outputs, secretOutputs } = stackOutputs(state);
  const shown = Object.entries(outputs).map(([name, value]) => [
    name,
    secretOutputs.includes(name) ? "[secret]" : value,
  ]);
  return Object.fromEntries(shown);
}
