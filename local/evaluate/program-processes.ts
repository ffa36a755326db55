import { type ChildProcess, fork } from "node:child_process";
import { statSync } from "node:fs";
import { extname, join } from "node:path";
import type { FromProgram, LoadedFiles, Start, ToProgram } from "./messages";

/** The processes of a stack's evaluations. */
export interface ProgramProcesses {
  /** A process that runs one program. It waits for `start`. */
  take(start: Start): Promise<ChildProcess>;
  /** An evaluation has ended. `modules`: the files that the next one can load early; absent after a failure. */
  ended(start: Start, modules?: readonly string[]): void;
  /** From now on, a process that has loaded Pulumi's packages waits for the next evaluation. */
  keepReady(): void;
  close(): void;
}

interface Prepared {
  readonly child: ChildProcess;
  readonly start: string;
  /** Resolves to undefined when the process ends before it has loaded the files. */
  readonly loaded: Promise<LoadedFiles | undefined>;
}

/** After an evaluation, the functions load their new code first. */
const REST_MS = 1_000;

export function programProcesses(restMs = REST_MS): ProgramProcesses {
  let prepared: Prepared | undefined;
  let last: { readonly start: Start; readonly modules: readonly string[] } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let ready = false;

  function schedule(): void {
    clearTimeout(timer);
    if (!ready || last === undefined) return;
    const { start, modules } = last;
    timer = setTimeout(() => {
      prepared?.child.kill("SIGKILL");
      prepared = prepare(start, modules);
    }, restMs).unref();
  }

  return {
    async take(start) {
      clearTimeout(timer);
      const { child, start: expected, loaded } = prepared ?? {};
      prepared = undefined;
      const files = expected === JSON.stringify(start) ? await loaded : undefined;
      if (child?.connected && files?.every(isUnchanged)) return child;
      child?.kill("SIGKILL");
      return startProcess();
    },
    ended(start, modules = last?.modules) {
      last = modules && { start, modules };
      schedule();
    },
    keepReady() {
      ready = true;
      schedule();
    },
    close() {
      ready = false;
      clearTimeout(timer);
      prepared?.child.kill("SIGKILL");
    },
  };
}

function prepare(start: Start, modules: readonly string[]): Prepared {
  const child = startProcess();
  const loaded = new Promise<LoadedFiles | undefined>((resolve) => {
    child.on("message", (message: FromProgram) => resolve(message.kind === "prepared" ? message.files : undefined));
    child.on("error", () => resolve(undefined));
    child.on("exit", () => resolve(undefined));
  });
  child.send({ kind: "prepare", start, modules } satisfies ToProgram, () => {});
  return { child, start: JSON.stringify(start), loaded };
}

/** A new version of a package is another file, or the same one with another time. */
function isUnchanged([path, changedAt]: LoadedFiles[number]): boolean {
  return statSync(path, { throwIfNoEntry: false })?.ctimeMs === changedAt;
}

/** From source, the process needs the exports conditions of this one, and TypeScript's hook, which mocha loads by itself. */
export function startProcess(): ChildProcess {
  const extension = extname(__filename);
  return fork(join(__dirname, `program-process${extension}`), [], {
    serialization: "advanced",
    silent: true,
    env: withoutAwsSettings(process.env),
    execArgv: extension === ".ts" ? [...process.execArgv, "-r", require.resolve("ts-node/register")] : [],
  });
}

/** A program that uses an AWS SDK at deploy time must not reach the developer's account from a local run. */
function withoutAwsSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith("AWS_")));
}
