import type { CloudOptions } from "./cloud/cloud";
import type { Answers } from "./evaluate/answers";
import { type ConfigOverrides, readConfig } from "./evaluate/config";
import { createDeployment, stackOutputs } from "./evaluate/deployment";
import { evaluate } from "./evaluate/evaluate";
import { readProject } from "./evaluate/project";
import { readState, type StackState, writeState } from "./evaluate/stack-state";
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
  /** Resolves when every stored event is delivered, without waiting for batching windows, or after `timeoutMs`. */
  drain(timeoutMs: number): Promise<void>;
  /** Stops the stack. Events that are stored by then are still delivered. */
  close(): Promise<void>;
}

/** Evaluates a program and runs what it registers. @throws LocalError for an error that the user can fix */
export async function startStack(parts: LocalParts, options: LocalStackOptions): Promise<LocalStack> {
  const project = readProject(options.program);
  const config = readConfig(project, options.stack, options);
  const before = options.dataDir === undefined ? [] : readState(options.dataDir);
  const cloud = await parts.startCloud({ ...options, programFolder: project.directory });
  try {
    const defaults = { "aws:region": cloud.region };
    const deployment = createDeployment({
      cloud,
      resourceHandlers: parts.resourceHandlers,
      before,
      restarted: before.length > 0,
      stackOutputs: options.stackOutputs,
      invokes: options.invokes,
      report: options.onReport,
      onResource: options.onResource,
    });
    const save = (state: StackState) => {
      if (options.dataDir !== undefined) writeState(options.dataDir, state);
    };
    const state = await evaluate({
      project,
      stack: options.stack,
      config: { ...config, values: { ...defaults, ...config.values } },
      deployment,
      onLine: options.onReport,
      signal: options.signal,
    }).finally(() => save(deployment.state()));
    save(state);
    return {
      cloud,
      resources: state,
      outputs: redactedOutputs(state),
      drain: (timeoutMs) => cloud.mappings.drain(timeoutMs),
      close: () => cloud.close(),
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
