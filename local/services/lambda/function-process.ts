import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { devNull } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { transformSync } from "esbuild";
import type { Credentials } from "../../cloud/access/principals";
import type { Archive } from "../../resources/archive";
import type { FunctionSpec } from "./function-spec";
import { startPython } from "./python";

/** Folder of the files that a function's processes run. */
export interface CodeFolder {
  readonly path: string;
  remove(): void;
}

const BOOTSTRAP = "lambda-bootstrap.cjs";

/** Writes the files of the archive and adds the bootstrap. */
export function unpackCode({ files }: Archive, parent: string): CodeFolder {
  // Node names modules in stack traces by their real path.
  const path = realpathSync(mkdtempSync(join(parent, "code-")));
  for (const [name, content] of files) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), content);
  }
  // The source is TypeScript in a checkout and JavaScript in the package.
  const source = readFileSync(require.resolve("./bootstrap"), "utf8");
  writeFileSync(
    join(path, BOOTSTRAP),
    transformSync(source, { loader: "ts", format: "cjs", supported: { "dynamic-import": true } }).code,
  );
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface ProcessOptions {
  readonly spec: FunctionSpec;
  readonly folder: CodeFolder;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: Credentials;
  readonly logStream: string;
  /** Folders whose packages include the AWS SDK. */
  readonly sdkFolders: readonly string[];
  readonly onLine: (line: string) => void;
}

/** Starts one process of a function, with the environment of Lambda and of the function only. */
export function startProcess(options: ProcessOptions): ChildProcess {
  const { spec, folder, onLine } = options;
  const child = spec.runtime.startsWith("python")
    ? startPython(spec.runtime, folder.path, environmentOf(options), OWN_GROUP)
    : startNode(options);
  for (const output of [child.stdout!, child.stderr!]) createInterface({ input: output }).on("line", onLine);
  return child;
}

/** Ctrl-C and a supervisor's SIGTERM reach the whole process group of the local cloud, which ends its functions itself. */
const OWN_GROUP = { detached: true, windowsHide: true } as const;

function startNode(options: ProcessOptions): ChildProcess {
  const { spec, folder, sdkFolders } = options;
  return fork(join(folder.path, BOOTSTRAP), sdkFolders, {
    cwd: folder.path,
    env: environmentOf(options),
    execArgv: [`--max-old-space-size=${spec.memoryMb}`],
    stdio: ["ignore", "pipe", "pipe", "ipc"],
    ...OWN_GROUP,
  });
}

function environmentOf({
  spec,
  folder,
  endpoint,
  region,
  credentials,
  logStream,
}: ProcessOptions): Record<string, string> {
  return {
    LANG: "en_US.UTF-8",
    TZ: ":UTC",
    PATH: "/usr/local/bin:/usr/bin:/bin",
    HOME: folder.path,
    ...spec.variables,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_ACCESS_KEY_ID: credentials.accessKeyId,
    AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    AWS_ENDPOINT_URL: endpoint,
    // The function must not read the developer's profiles.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: "true",
    AWS_EXECUTION_ENV: `AWS_Lambda_${spec.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: spec.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(spec.memoryMb),
    AWS_LAMBDA_FUNCTION_VERSION: "$LATEST",
    AWS_LAMBDA_INITIALIZATION_TYPE: "on-demand",
    AWS_LAMBDA_LOG_FORMAT: spec.logFormat,
    AWS_LAMBDA_LOG_GROUP_NAME: spec.logGroup,
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    LAMBDA_TASK_ROOT: folder.path,
    _HANDLER: spec.handler,
  };
}
