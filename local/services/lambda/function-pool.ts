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
import { useAbsoluteSources } from "./source-paths";

/** The environments of one deployed version of a function. */
export interface FunctionPool {
  readonly spec: FunctionSpec;
  readonly environments: readonly Environment[];
  /** `undefined`: throttled, because all reserved environments are busy. */
  run(invocation: Omit<Invocation, "deadline">): Promise<InvocationResult> | undefined;
  /**
   * Starts an environment when there is none, so that an error of the code is reported before the first invocation. Resolves to
   * whether the first environment could load it.
   */
  prepare(): Promise<boolean>;
  /** One environment serves from now on, and a debugger can attach to it on this port. */
  inspect(port: number): void;
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
  /** Folders whose packages include the AWS SDK, which Lambda's Node runtimes contain. */
  readonly sdkFolders: readonly string[];
  /** Folder of the sources, for a debugger. */
  readonly programFolder: string;
  readonly emit: (event: CloudEvent) => void;
}

/** The folder of the code on AWS. */
const TASK_ROOT = "/var/task";

export function createPool(spec: FunctionSpec, context: PoolContext): FunctionPool {
  /** With the function that writes to the log of each. */
  const environments = new Map<Environment, (line: string) => void>();
  const folder: CodeFolder = unpackCode(spec.code, context.reaper.folder);
  let retired = false;
  let inspectPort: number | undefined;
  let setLoaded: (loaded: boolean) => void = () => {};
  const firstLoad = new Promise<boolean>((resolve) => {
    setLoaded = resolve;
  });
  const asOnAws = (text: string) => text.replaceAll(folder.path, TASK_ROOT);
  warnOfOtherVersion(spec, context.emit);

  function start(): Environment {
    const { principals, reaper, emit } = context;
    const role = spec.roleArn.slice(spec.roleArn.lastIndexOf("/") + 1);
    const policies = () => context.policiesOf(spec.roleArn);
    const credentials = principals.issue({
      name: spec.name,
      arn: `arn:aws:sts::${context.accountId}:assumed-role/${role}/${spec.name}`,
      policies,
      requestId: () => environment.requestId,
    });
    const log = openLog(spec, context, (permission) => {
      const allowed = decide(policies(), permission) === "allow";
      const status = allowed ? 200 : 400;
      const { requestId } = environment;
      emit({ kind: "call", at: Date.now(), caller: spec.name, ...permission, allowed, status, requestId });
      return allowed;
    });
    const writeLine = (line: string) => {
      if (!log.write()) return;
      const shown = asOnAws(line);
      emit({ kind: "log", at: Date.now(), functionName: spec.name, requestId: environment.requestId, line: shown });
    };
    const child = startProcess({
      spec,
      folder,
      credentials,
      endpoint: context.endpoint(),
      region: context.region,
      logStream: log.stream,
      sdkFolders: context.sdkFolders,
      onLine: writeLine,
    });
    const environment = superviseEnvironment(child, spec.timeoutSeconds, (error) => {
      setLoaded(error === undefined);
      emit({ kind: "init", at: Date.now(), functionName: spec.name, pid: environment.pid, error });
    });
    environments.set(environment, writeLine);
    if (inspectPort !== undefined) environment.inspect(inspectPort);
    reaper.watch(environment.pid);
    environment.exited.then(() => {
      environments.delete(environment);
      reaper.unwatch(environment.pid);
      principals.revoke(credentials.accessKeyId);
      if (retired && environments.size === 0) folder.remove();
      // It ended before it loaded its code. Otherwise this has no effect.
      setLoaded(false);
    });
    return environment;
  }

  return {
    spec,
    get environments() {
      return [...environments.keys()];
    },
    run(invocation) {
      const all = [...environments.keys()];
      const busy = all.filter((environment) => environment.busy).length;
      const limit = inspectPort === undefined ? (spec.reservedConcurrency ?? Number.POSITIVE_INFINITY) : 1;
      if (retired || busy >= limit) return undefined;
      const environment = all.find(({ idle }) => idle) ?? start();
      const { requestId } = invocation;
      const event = { kind: "invocation", functionName: spec.name, requestId, pid: environment.pid } as const;
      context.emit({ ...event, at: Date.now(), phase: "start" });
      return environment.run(invocation).then((result) => {
        const { phase } = result;
        if (!retired && (phase === "timeout" || phase === "killed"))
          environments.get(environment)?.(endLine(requestId, result));
        context.emit({ ...event, at: Date.now(), phase });
        if (retired) environment.kill();
        return phase === "end" ? result : { phase, payload: asOnAws(result.payload) };
      });
    },
    prepare() {
      if (!retired && environments.size === 0) start();
      return firstLoad;
    },
    inspect(port) {
      inspectPort = port;
      useAbsoluteSources(folder.path, context.programFolder);
      const [first, ...others] = environments.keys();
      for (const environment of others) if (!environment.busy) environment.kill();
      first?.inspect(port);
    },
    retire() {
      retired = true;
      for (const environment of environments.keys()) if (!environment.busy) environment.kill();
      if (environments.size === 0) folder.remove();
    },
    async kill() {
      retired = true;
      const all = [...environments.keys()];
      for (const environment of all) environment.kill();
      await Promise.all(all.map(({ exited }) => exited));
      folder.remove();
    },
  };
}

/** The line that Lambda writes for an invocation that did not return. */
function endLine(requestId: string, { phase, payload }: InvocationResult): string {
  const { errorMessage } = JSON.parse(payload) as { errorMessage: string };
  return phase === "timeout"
    ? `${new Date().toISOString()} ${requestId} ${errorMessage}`
    : `RequestId: ${requestId} Error: ${errorMessage}`;
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
