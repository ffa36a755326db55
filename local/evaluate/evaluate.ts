import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { LocalError } from "../local-error";
import type { ProgramConfig } from "./config";
import type { Deployment } from "./deployment";
import type { FromProgram, Start, ToProgram } from "./messages";
import { type ProgramProcesses, startProcess } from "./program-processes";
import type { Project } from "./project";
import type { StackState } from "./stack-state";

export interface EvaluateOptions {
  readonly project: Project;
  readonly stack: string;
  readonly config: ProgramConfig;
  readonly deployment: Deployment;
  /** Receives every line that the program prints. */
  readonly onLine: (line: string) => void;
  /** When it aborts, the program's process ends and the evaluation rejects. */
  readonly signal?: AbortSignal;
  /** @default a new process */
  readonly processes?: Pick<ProgramProcesses, "take" | "ended">;
}

/**
 * Runs a Pulumi program in its own process and deploys each resource when the program registers it.
 * Rejects with the error of the first failed resource, otherwise with that of the program.
 */
export async function evaluate(options: EvaluateOptions): Promise<StackState> {
  const { deployment, project, stack, config, processes } = options;
  options.signal?.throwIfAborted();
  const start: Start = {
    kind: "start",
    project: project.name,
    stack,
    directory: project.directory,
    entry: project.entry,
    config: config.values,
    secretKeys: config.secretKeys,
  };
  const child = (await processes?.take(start)) ?? startProcess();
  const stop = () => child.kill("SIGKILL");
  options.signal?.addEventListener("abort", stop, { once: true });
  let modules: readonly string[] | undefined;
  try {
    options.signal?.throwIfAborted();
    for (const output of [child.stdout, child.stderr]) {
      if (output !== null) createInterface({ input: output }).on("line", (line) => options.onLine(withoutModule(line)));
    }
    modules = await serveProgram(child, deployment, start);
  } finally {
    options.signal?.removeEventListener("abort", stop);
    stop();
    processes?.ended(start, modules);
  }
  return deployment.finish();
}

/** Without an engine, Pulumi's SDK prints its messages as `info: [runtime] …`. */
function withoutModule(line: string): string {
  return line.replace(/^(debug|info|warning|error): \[runtime\] /, "$1: ");
}

/**
 * Answers the program's calls until it ends. After the first failure it starts no new call and waits for the running ones. Resolves to
 * the files of Pulumi's packages that the program loaded.
 */
function serveProgram(child: ChildProcess, deployment: Deployment, start: Start): Promise<readonly string[]> {
  return new Promise((resolve, reject) => {
    const running = new Set<Promise<void>>();
    let failure: Error | undefined;
    let ended = false;
    const send = (message: ToProgram) => {
      if (child.connected) child.send(message);
    };
    const end = async (error?: Error, modules: readonly string[] = []) => {
      failure ??= error;
      if (ended) return;
      ended = true;
      await Promise.all(running);
      if (failure === undefined) resolve(modules);
      else reject(failure);
    };

    child.on("message", (message: FromProgram) => {
      if (message.kind === "prepared") return;
      if (message.kind === "done") return void end(undefined, message.modules);
      if (message.kind === "failed") return void end(new LocalError(message.message));
      if (failure !== undefined)
        return send({ kind: "answer", call: message.call, error: "Stopped after an earlier failure." });
      const work = deployment.answer(message).then(
        (value) => send({ kind: "answer", call: message.call, value }),
        (error: Error) => {
          send({ kind: "answer", call: message.call, error: error.message });
          void end(error);
        },
      );
      running.add(work);
      void work.finally(() => running.delete(work));
    });
    child.on("error", (error) => void end(error));
    child.on("exit", (code, signal) =>
      end(new LocalError(`The program's process ended early (${signal ?? `exit code ${code}`}).`)),
    );
    send(start);
  });
}
