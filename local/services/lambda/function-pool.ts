import { decide, type PolicyDocument } from "../../cloud/access/policy";
import type { Principals } from "../../cloud/access/principals";
import type { CloudEvent } from "../../cloud/cloud-event";
import { type Environment, type InvocationResult, superviseEnvironment } from "./environment";
import { openLog } from "./function-log";
import { type CodeFolder, startProcess, unpackCode } from "./function-process";
import type { FunctionSpec } from "./function-spec";
import type { Invocation } from "./ipc";
import { pythonFor } from "./python";
import type { Reaper } from "./reaper";

/** The environments of one deployed version of a function. */
export interface FunctionPool {
  readonly spec: FunctionSpec;
  readonly environments: readonly Environment[];
  /** `undefined`: throttled, because all reserved environments are busy. */
  run(invocation: Omit<Invocation, "deadline">): Promise<InvocationResult> | undefined;
  /** Accepts no more invocations. Running ones may finish. */
  retire(): void;
  /** Ends all processes at once. Resolves when they have ended. */
  kill(): Promise<void>;
}

export interface PoolContext {
  readonly endpoint: () => string;
  readonly region: string;
  readonly accountId: string;
  readonly principals: Principals;
  readonly policiesOf: (roleArn: string) => readonly PolicyDocument[];
  readonly reaper: Reaper;
  readonly emit: (event: CloudEvent) => void;
}

export function createPool(spec: FunctionSpec, context: PoolContext): FunctionPool {
  const environments = new Set<Environment>();
  const folder: CodeFolder = unpackCode(spec.code, context.reaper.folder);
  let retired = false;
  warnOfOtherVersion(spec, context.emit);

  function start(): Environment {
    const { principals, reaper, emit } = context;
    const role = spec.roleArn.slice(spec.roleArn.lastIndexOf("/") + 1);
    const policies = () => context.policiesOf(spec.roleArn);
    const credentials = principals.issue({
      name: spec.name,
      arn: `arn:aws:sts::${context.accountId}:assumed-role/${role}/${spec.name}`,
      policies,
    });
    const log = openLog(spec, context, (permission) => {
      const allowed = decide(policies(), permission) === "allow";
      emit({ kind: "call", at: Date.now(), caller: spec.name, ...permission, allowed, status: allowed ? 200 : 400 });
      return allowed;
    });
    const child = startProcess({
      spec,
      folder,
      credentials,
      endpoint: context.endpoint(),
      region: context.region,
      logStream: log.stream,
      onLine: (line) => {
        if (!log.write()) return;
        emit({ kind: "log", at: Date.now(), functionName: spec.name, requestId: environment.requestId, line });
      },
    });
    const environment = superviseEnvironment(child, spec.timeoutSeconds);
    environments.add(environment);
    reaper.watch(environment.pid);
    environment.exited.then(() => {
      environments.delete(environment);
      reaper.unwatch(environment.pid);
      principals.revoke(credentials.accessKeyId);
      if (retired && environments.size === 0) folder.remove();
    });
    return environment;
  }

  return {
    spec,
    get environments() {
      return [...environments];
    },
    run(invocation) {
      const all = [...environments];
      const busy = all.filter((environment) => environment.busy).length;
      if (retired || busy >= (spec.reservedConcurrency ?? Number.POSITIVE_INFINITY)) return undefined;
      const environment = all.find(({ idle }) => idle) ?? start();
      const { requestId } = invocation;
      const event = { kind: "invocation", functionName: spec.name, requestId, pid: environment.pid } as const;
      context.emit({ ...event, at: Date.now(), phase: "start" });
      return environment.run(invocation).then((result) => {
        context.emit({ ...event, at: Date.now(), phase: result.phase });
        if (retired) environment.kill();
        return result;
      });
    },
    retire() {
      retired = true;
      for (const environment of environments) if (!environment.busy) environment.kill();
      if (environments.size === 0) folder.remove();
    },
    async kill() {
      retired = true;
      const all = [...environments];
      for (const environment of all) environment.kill();
      await Promise.all(all.map(({ exited }) => exited));
      folder.remove();
    },
  };
}

function warnOfOtherVersion({ name, runtime }: FunctionSpec, emit: PoolContext["emit"]): void {
  const [, language, declared] = /^(nodejs|python)([\d.]+?)(?:\.x)?$/.exec(runtime) ?? [];
  if (language === undefined) {
    throw new Error(
      `Expected the runtime of ${name} to be nodejs… or python…, got ${runtime}: only Node and Python functions are supported locally.`,
    );
  }
  const here =
    language === "python"
      ? { version: pythonFor(runtime).version, name: "Python" }
      : { version: process.versions.node, name: "Node" };
  if (`${here.version}.`.startsWith(`${declared}.`)) return;
  const line = `The function declares ${runtime} but runs on ${here.name} ${here.version} here. Its behaviour can differ from AWS.`;
  emit({ kind: "log", at: Date.now(), functionName: name, line });
}
