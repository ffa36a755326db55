import type { ChildProcess } from "node:child_process";
import type { FunctionError } from "../../cloud/cloud-event";
import type { Inspection, Invocation, InvocationReply, Loaded } from "./ipc";

/** The result of one invocation. */
export interface InvocationResult {
  readonly phase: "end" | "error" | "timeout" | "killed";
  /** JSON of the handler's result, or of Lambda's error object. */
  readonly payload: string;
}

/** One execution environment: a process that serves one invocation at a time and is frozen in between. */
export interface Environment {
  readonly pid: number;
  /** The current or the last invocation. */
  readonly requestId: string | undefined;
  readonly busy: boolean;
  /** Whether it can serve an invocation. False after `kill`, also before the process has ended. */
  readonly idle: boolean;
  /** Thaws the process, runs one invocation to its end or timeout, and freezes the process. */
  run(invocation: Omit<Invocation, "deadline">): Promise<InvocationResult>;
  /** Listens for a debugger on this port. From then on, the process has no timeout and is not frozen. */
  inspect(port: number): void;
  kill(): void;
  /** Resolves when the process has ended. */
  readonly exited: Promise<void>;
}

/** The time to load the code does not count towards the function's timeout, up to this limit. As on Lambda. */
const INIT_LIMIT_MS = 10_000;
/** Time for an invocation that a debugger can pause. */
const INSPECTED_MS = 24 * 3_600_000;

/** @param onInit receives the error of the code that was loaded, if any */
export function superviseEnvironment(
  child: ChildProcess,
  timeoutSeconds: number,
  onInit: (error: FunctionError | undefined) => void = () => {},
): Environment {
  let requestId: string | undefined;
  let serving: { end(result: InvocationResult): void } | undefined;
  let dead = false;
  let killed = false;
  let failedToLoad = false;
  let inspected = false;

  const exited = new Promise<void>((resolve) => {
    const onExit = (reason: string) => {
      if (dead) return;
      dead = true;
      serving?.end({
        phase: "killed",
        payload: errorJson("Runtime.ExitError", `Process ended before it replied: ${reason}`),
      });
      resolve();
    };
    child.once("exit", (code, signal) => onExit(signal ?? `exit status ${code}`));
    child.once("error", (error) => onExit(error.message));
  });

  const initialized = new Promise<void>((resolve) => {
    const limit = setTimeout(resolve, INIT_LIMIT_MS);
    child.on("message", (message: InvocationReply | Loaded) => {
      if ("loaded" in message) {
        clearTimeout(limit);
        failedToLoad = message.error !== undefined;
        onInit(message.error);
        if (serving === undefined) rest();
        resolve();
      } else serving?.end({ phase: message.ok ? "end" : "error", payload: message.result });
    });
    void exited.then(() => clearTimeout(limit));
  });

  const signal = (name: "SIGSTOP" | "SIGCONT" | "SIGKILL") => {
    killed ||= name === "SIGKILL";
    if (!dead) child.kill(name);
  };
  /** Freezes the process. One without a handler ends, and the next invocation loads the code again. */
  const rest = () => {
    if (failedToLoad) signal("SIGKILL");
    else if (!inspected) signal("SIGSTOP");
  };
  const send = (message: Invocation | Inspection) => child.send(message, () => {});

  return {
    pid: child.pid ?? 0,
    get requestId() {
      return requestId;
    },
    get busy() {
      return serving !== undefined;
    },
    get idle() {
      return serving === undefined && !killed && !dead;
    },
    run(invocation) {
      requestId = invocation.requestId;
      return new Promise((resolve) => {
        let timer: NodeJS.Timeout | undefined;
        const current = {
          end(result: InvocationResult) {
            serving = undefined;
            clearTimeout(timer);
            if (result.phase === "end" || result.phase === "error") rest();
            resolve(result);
          },
        };
        serving = current;
        if (dead)
          return current.end({ phase: "killed", payload: errorJson("Runtime.ExitError", "Process did not start") });
        signal("SIGCONT");
        void initialized.then(() => {
          if (serving !== current) return;
          const timeoutMs = inspected ? INSPECTED_MS : timeoutSeconds * 1000;
          timer = setTimeout(() => {
            current.end({
              phase: "timeout",
              payload: errorJson("Sandbox.Timedout", `Task timed out after ${timeoutSeconds.toFixed(2)} seconds`),
            });
            signal("SIGKILL");
          }, timeoutMs);
          send({ ...invocation, deadline: Date.now() + timeoutMs });
        });
      });
    },
    inspect(port) {
      if (dead || killed) return;
      inspected = true;
      signal("SIGCONT");
      send({ inspectPort: port });
    },
    kill: () => signal("SIGKILL"),
    exited,
  };
}

function errorJson(errorType: string, errorMessage: string): string {
  return JSON.stringify({ errorType, errorMessage });
}
