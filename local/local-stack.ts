import type { CloudOptions } from "./cloud/cloud";
import { type ConfigOverrides, readConfig } from "./evaluate/config";
import { createDeployment, stackOutputs } from "./evaluate/deployment";
import { evaluate } from "./evaluate/evaluate";
import { readProject } from "./evaluate/project";
import { readState, type StackState, writeState } from "./evaluate/stack-state";
import type { LocalCloud, ResourceHandlers } from "./services/services";

export interface LocalStackOptions extends ConfigOverrides, CloudOptions {
  /** Folder of the Pulumi project. */
  readonly program: string;
  readonly stack: string;
  /** Receives what the program prints and what the local stack does not model. */
  readonly onReport: (sentence: string) => void;
  /** Aborted while the stack starts: everything is ended and the start rejects. */
  readonly signal?: AbortSignal;
}

/** What the stack is made of; `index.ts` joins them. */
export interface LocalParts {
  startCloud(options: CloudOptions): Promise<LocalCloud>;
  readonly resourceHandlers: ResourceHandlers;
}

/** A running program: its resources exist. */
export interface LocalStack {
  readonly cloud: LocalCloud;
  /** Everything that the program registered, components included. */
  readonly resources: StackState;
  /** What the program exports; secret values are shown as `[secret]`. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /** Ends everything that runs. What is stored by then is still delivered. */
  close(): Promise<void>;
}

/** Evaluates a program and runs what it registers. @throws LocalError for whatever its user can fix */
export async function startStack(parts: LocalParts, options: LocalStackOptions): Promise<LocalStack> {
  const project = readProject(options.program);
  const config = readConfig(project, options.stack, options);
  const before = options.dataDir === undefined ? [] : readState(options.dataDir);
  const cloud = await parts.startCloud(options);
  try {
    const place = { "aws:region": cloud.region };
    const deployment = createDeployment({
      cloud,
      resourceHandlers: parts.resourceHandlers,
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
    return { cloud, resources: state, outputs: shownOutputs(state), close: () => cloud.close() };
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

function shownOutputs(state: StackState): Record<string, unknown> {
  const { outputs, secretOutputs } = stackOutputs(state);
  const shown = Object.entries(outputs).map(([name, value]) => [
    name,
    secretOutputs.includes(name) ? "[secret]" : value,
  ]);
  return Object.fromEntries(shown);
}
