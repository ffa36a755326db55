import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { LocalError } from "../../local-error";

/** A Python on this machine. */
export interface Python {
  readonly path: string;
  /** `3.13` */
  readonly version: string;
}

const found = new Map<string, Python>();

/** The Python of a runtime such as `python3.13`, otherwise the installed python3. @throws LocalError without one */
export function pythonFor(runtime: string): Python {
  const known = found.get(runtime) ?? locate(runtime) ?? locate("python3");
  if (known === undefined)
    throw new LocalError(
      `Functions of ${runtime} need Python to run locally, but python3 is not on PATH. Install Python 3.`,
    );
  found.set(runtime, known);
  return known;
}

function locate(command: string): Python | undefined {
  // The interpreter itself: a version manager's wrapper does not work in a function's environment.
  const script = "import sys; print(sys.executable, '%d.%d' % sys.version_info[:2])";
  const { status, stdout } = spawnSync(command, ["-c", script], { encoding: "utf8" });
  const [path, version] = (stdout ?? "").trim().split(" ");
  return status === 0 && path && version ? { path, version } : undefined;
}

const BOOTSTRAP_FILE = "lambda_bootstrap.py";

/** Runs in place of Lambda's runtime. Its messages are those of `bootstrap.ts`, one JSON object per line on Node's IPC channel. */
const BOOTSTRAP = `
import importlib, json, os, socket, sys, time, traceback

channel = socket.socket(fileno=int(os.environ.pop("NODE_CHANNEL_FD")))
sys.path.insert(0, os.environ["LAMBDA_TASK_ROOT"])

class Context:
    def __init__(self, invocation):
        self.aws_request_id = invocation["requestId"]
        self.invoked_function_arn = invocation["functionArn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._deadline = invocation["deadline"]

    def get_remaining_time_in_millis(self):
        return max(0, int(self._deadline - time.time() * 1000))

def load():
    module, name = os.environ["_HANDLER"].rsplit(".", 1)
    return getattr(importlib.import_module(module.replace("/", ".")), name)

def describe(error):
    trace = traceback.format_exc()
    sys.stderr.write(trace)
    sys.stderr.flush()
    return {"errorType": type(error).__name__, "errorMessage": str(error), "stackTrace": trace.splitlines()}

handler, loaded = None, {"loaded": True}
try:
    handler = load()
except Exception as error:
    loaded["error"] = describe(error)
channel.sendall(json.dumps(loaded).encode() + b"\\n")
for line in channel.makefile("rb"):
    invocation = json.loads(line)
    os.environ["_X_AMZN_TRACE_ID"] = invocation["traceId"]
    try:
        if handler is None:
            reply = {"ok": False, "result": json.dumps(loaded["error"])}
        else:
            result = handler(json.loads(invocation["event"]), Context(invocation))
            reply = {"ok": True, "result": json.dumps(result)}
    except Exception as error:
        reply = {"ok": False, "result": json.dumps(describe(error))}
    sys.stdout.flush()
    sys.stderr.flush()
    channel.sendall(json.dumps(reply).encode() + b"\\n")
`;

/** Starts one process of a Python function in the folder of its code. */
export function startPython(
  runtime: string,
  folder: string,
  env: Record<string, string>,
  options: Pick<SpawnOptions, "detached" | "windowsHide">,
): ChildProcess {
  const bootstrap = join(folder, BOOTSTRAP_FILE);
  writeFileSync(bootstrap, BOOTSTRAP);
  return spawn(pythonFor(runtime).path, ["-u", bootstrap], {
    cwd: folder,
    env: { ...env, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    ...options,
  });
}
