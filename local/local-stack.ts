import type { CloudOptions } from "./cloud/cloud";
import type { Answers } from "./evaluate/answers";
import { type ConfigOverrides, readConfig } from "./evaluate/config";
import { createDeployment, stackOutputs } from "./evaluate/deployment";
import { evaluate } from "./evaluate/evaluate";
import { programProcesses } from "./evaluate/program-processes";
import { readProject } from "./evaluate/project";
import { changedResources, readState, type StackState, writeState } from "./evaluate/stack-state";
import { watchFolder } from "./evaluate/watch-folder";
import type { LocalCloud, ResourceHandlers } from "./services/services";

export interface LocalStackOptions extends ConfigOverrides, CloudOptions, Answers {
  /** Folder of the Pulumi project. */
  readonly program: string;
  readonly stack: string;
  /** Receives what the program prints, and messages about skipped resources. */
  readonly onReport: (message: string) => void;
  /** Receives each resource before it is created or updated. */
  readonly onResource?: (resource: { readonly type: string; readonly name: string }) => void;
  /** When it aborts during the start, everything ends and the start rejects. */
  readonly signal?: AbortSignal;
}

/** The parts of a stack, which `index.ts` joins. */
export interface LocalParts {
  startCloud(options: CloudOptions): Promise<LocalCloud>;
  readonly resourceHandlers: ResourceHandlers;
}

/** A running program with its resources. */
export interface LocalStack {
  readonly cloud: LocalCloud;
  /** All resources that the program registered, including components. */
  readonly resources: StackState;
  /** The stack outputs. A secret value is `[secret]`. */
  readonly outputs: Readonly<Record<string, unknown>>;
  /**
   * Evaluates the program again and applies what changed. Unchanged resources are not touched. Resolves to the names of the changed
   * ones. One update runs at a time.
   * @throws LocalError for an error that the user can fix. What was applied before the error stays.
   */
  update(): Promise<readonly string[]>;
  /** Calls `onChange` after files of the project changed. Returns a function that ends it. */
  watch(onChange: () => void): () => void;
  /** Resolves when every stored event is delivered, without waiting for batching windows, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  /** Stops the stack. Events that are stored by then are still delivered. */
  close(): Promise<void>;
}

/** Evaluates a program and runs what it registers. @throws LocalError for an error that the user can fix */
export async function startStack(parts: LocalParts, options: LocalStackOptions): Promise<LocalStack> {
  const { dataDir, signal, onReport: report, stackOutputs, invokes } = options;
  const first = readProject(options.program);
  readConfig(first, options.stack, options);
  let state = dataDir === undefined ? [] : readState(dataDir);
  const cloud = await parts.startCloud({ ...options, programFolder: first.directory });
  const ended = new AbortController();
  const processes = programProcesses();

  async function deploy(restarted: boolean, more: Pick<LocalStackOptions, "onResource" | "signal">): Promise<void> {
    const project = readProject(options.program);
    const config = readConfig(project, options.stack, options);
    const { resourceHandlers } = parts;
    const settings = { cloud, resourceHandlers, before: state, restarted, stackOutputs, invokes, report, ...more };
    const deployment = createDeployment(settings);
    const save = (next: StackState) => {
      state = next;
      if (dataDir !== undefined) writeState(dataDir, state);
    };
    const values = { "aws:region": cloud.region, ...config.values };
    const evaluation = {
      project,
      stack: options.stack,
      config: { ...config, values },
      deployment,
      onLine: report,
      processes,
    };
    const result = await evaluate({ ...evaluation, signal: more.signal }).finally(() => save(deployment.state()));
    save(result);
  }

  let updating: Promise<unknown> = Promise.resolve();
  async function update(): Promise<readonly string[]> {
    const before = state;
    await deploy(false, { signal: ended.signal });
    return changedResources(before, state);
  }

  try {
    await deploy(state.length > 0, { onResource: options.onResource, signal });
    return {
      cloud,
      get resources() {
        return state;
      },
      get outputs() {
        return redactedOutputs(state);
      },
      update() {
        const next = updating.then(update);
        updating = next.catch(() => {});
        return next;
      },
      watch: (onChange) => {
        processes.keepReady();
        return watchFolder(first.root, onChange, dataDir === undefined ? [] : [dataDir]);
      },
      drain: (timeoutMs) => cloud.mappings.drain(timeoutMs),
      close: async () => {
        ended.abort();
        processes.close();
        await updating;
        await cloud.close();
      },
    };
  } catch (error) {
    await cloud.close();
    throw error;
  }
}

function redactedOutputs(state: StackState): Record<string, unknown> {
  const { outputs, secretOutputs } = stackOutputs(state);
  const redacted = Object.entries(outputs).map(([name, value]) => [
    name,
    secretOutputs.includes(name) ? "[secret]" : value,
  ]);
  return Object.fromEntries(redacted);
}
