import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type ConfigMap,
  type EngineEvent,
  LocalWorkspace,
  type OpMap,
  type PulumiFn,
  type Stack,
} from "@pulumi/pulumi/automation";

/** A resource in the engine's checkpoint. */
export interface StateResource {
  readonly urn: string;
  /** `name` of the URN. */
  readonly name: string;
  readonly type: string;
  readonly id?: string;
  readonly parent?: string;
  /** `URN::ID` of its provider. */
  readonly provider?: string;
  readonly protect?: boolean;
  readonly retainOnDelete?: boolean;
  readonly inputs?: Record<string, unknown>;
  readonly outputs?: Record<string, unknown>;
  readonly dependencies?: readonly string[];
  readonly propertyDependencies?: Readonly<Record<string, readonly string[] | null>>;
}

/** One planned or executed step of the engine. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  /** `name` of the URN. */
  readonly name: string;
  readonly type: string;
  /** Inputs that differ. */
  readonly changed: readonly string[];
}

export interface Deployed {
  readonly outputs: Readonly<Record<string, unknown>>;
  readonly changes: OpMap;
  /** All steps but `same`. */
  readonly steps: readonly Step[];
  readonly stdout: string;
}

/** A temporary file backend. */
export interface Backend {
  readonly folder: string;
  stack(options: StackOptions): Promise<EngineStack>;
  remove(): void;
}

export interface StackOptions {
  readonly project?: string;
  readonly name?: string;
  readonly config?: ConfigMap;
  /** Attaches a provider; see `ServedProvider.environment`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** The Pulumi engine with one stack. The program runs in this process. */
export interface EngineStack {
  up(program: PulumiFn, options?: { readonly target?: string[] }): Promise<Deployed>;
  preview(program: PulumiFn): Promise<Omit<Deployed, "outputs">>;
  refresh(): Promise<OpMap>;
  destroy(): Promise<Deployed>;
  resources(): Promise<readonly StateResource[]>;
  /** The resource with this name and type. The last part of the type is enough: `Table`. */
  resource(name: string, type: string): Promise<StateResource>;
  /** The checkpoint file, as it is visible without the passphrase. */
  checkpoint(): string;
  readonly automation: Stack;
}

/** The passphrase of every backend. */
export const PASSPHRASE = "correct horse";

export function createBackend(): Backend {
  const folder = mkdtempSync(join(tmpdir(), "stream-ingestion-engine-"));
  return {
    folder,
    stack: (options) => openStack(folder, options),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The variables that have a value. */
const set = (environment: StackOptions["environment"]) =>
  Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

export async function openStack(folder: string, options: StackOptions): Promise<EngineStack> {
  const { project = "prices", name = "local", config = {}, environment } = options;
  const stack = await LocalWorkspace.createOrSelectStack(
    { stackName: name, projectName: project, program: async () => {} },
    {
      workDir: mkdtempSync(join(folder, "workspace-")),
      secretsProvider: "passphrase",
      projectSettings: { name: project, runtime: "nodejs", backend: { url: `file://${folder}` } },
      envVars: {
        PULUMI_CONFIG_PASSPHRASE: PASSPHRASE,
        PULUMI_SKIP_UPDATE_CHECK: "1",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
        ...set(environment),
      },
    },
  );
  await stack.setAllConfig(config);
  async function resources(): Promise<StateResource[]> {
    const { resources = [] } = (await stack.exportStack()).deployment as { resources?: Omit<StateResource, "name">[] };
    return resources.map((resource) => ({ ...resource, name: nameIn(resource.urn) }));
  }

  return {
    automation: stack,
    async up(program, { target } = {}) {
      const { result, steps } = await withSteps((onEvent) => stack.up({ program, target, onEvent, color: "never" }));
      const outputs = Object.fromEntries(Object.entries(result.outputs).map(([key, { value }]) => [key, value]));
      return { outputs, changes: result.summary.resourceChanges ?? {}, steps, stdout: result.stdout };
    },
    async preview(program) {
      const { result, steps } = await withSteps((onEvent) => stack.preview({ program, onEvent, color: "never" }));
      return { changes: result.changeSummary, steps, stdout: result.stdout };
    },
    async refresh() {
      return (await stack.refresh({ color: "never" })).summary.resourceChanges ?? {};
    },
    async destroy() {
      const { result, steps } = await withSteps((onEvent) => stack.destroy({ onEvent, color: "never" }));
      return { outputs: {}, changes: result.summary.resourceChanges ?? {}, steps, stdout: result.stdout };
    },
    resources,
    async resource(name, type) {
      const found = (await resources()).filter(
        (resource) => resource.name === name && resource.type.endsWith(`:${type}`),
      );
      assert.equal(found.length, 1, `${found.length} ${type} ${name}`);
      return found[0]!;
    },
    checkpoint: () => readFileSync(join(folder, ".pulumi/stacks", project, `${name}.json`), "utf8"),
  };
}

function nameIn(urn: string): string {
  return urn.split("::").at(-1) ?? "";
}

/** Collects the steps of an operation from the engine's events. */
async function withSteps<Result>(
  work: (onEvent: (event: EngineEvent) => void) => Promise<Result>,
): Promise<{ result: Result; steps: Step[] }> {
  const steps: Step[] = [];
  const result = await work(({ resourcePreEvent }) => {
    const step = resourcePreEvent?.metadata;
    if (step === undefined || step.op === "same") return;
    steps.push({
      op: step.op,
      urn: step.urn,
      name: nameIn(step.urn),
      type: step.type,
      changed: step.diffs ?? [],
    });
  });
  return { result, steps };
}

/** The error of an operation that must fail, with the output of the engine. */
export async function failure(operation: Promise<unknown>): Promise<string> {
  try {
    await operation;
  } catch (error) {
    return String((error as Error).message);
  }
  throw new Error("Expected the operation to fail, but it succeeded.");
}
