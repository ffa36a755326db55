import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { handlerOptions } from "../components/bundle/handlers";
import { MEMORY_ENVIRONMENT } from "../components/memory-environment";
import { settingsFor } from "./relay-path";
import type { Job, JobResult } from "./relay-process";

export interface RunOptions {
  /** Certificate authority of the servers, a file. */
  readonly caFile?: string;
  /** Called when the process has started. */
  readonly onStarted?: (pid: number) => void;
}

export interface Bundle {
  /** Size of the connection manager. */
  readonly bytes: number;
  run(job: Job, options?: RunOptions): Promise<JobResult>;
  /** Milliseconds in which a new process loads the connection manager. */
  importMs(): Promise<number>;
  remove(): void;
}

/** The heap options of Lambda's Node with 256 MB: one tenth for the young generation, the rest for the old one. */
const LAMBDA_256_MB = ["--max-semi-space-size=12", "--max-old-space-size=231"];
/** As the component sets it. */
const ENVIRONMENT = {
  ...MEMORY_ENVIRONMENT,
  STREAM_INGESTION_SETTINGS: JSON.stringify(settingsFor("lines")),
  STREAM_INGESTION_DEPLOYMENT: "bench",
  STREAM_INGESTION_RELEASE: "bench",
};

/** Bundles the relay as a deployment does. Each job runs in a new process. */
export function bundleRelay(): Bundle {
  // Next to node_modules, because the blueprint's SDK is not bundled: it must not add to the memory of the other jobs.
  const folder = mkdtempSync(join(__dirname, ".bundle-"));
  const build = (name: string, entry: string) => {
    const outfile = join(folder, name);
    const { external = [], ...options } = handlerOptions(entry);
    buildSync({ ...options, external: [...external, "@aws-sdk/*"], outfile, write: true, sourcemap: false });
    return outfile;
  };
  const job = build("job.js", join(__dirname, "relay-process.ts"));
  const handler = build("handler.js", join(__dirname, "../runtime/handlers/connection-manager.ts"));
  const timer = join(folder, "timer.js");
  writeFileSync(
    timer,
    `const t = performance.now(); require(${JSON.stringify(handler)}); process.send(performance.now() - t);`,
  );
  return {
    bytes: readFileSync(handler).length,
    run: (input, options) => answer<JobResult>(job, [JSON.stringify(input)], options),
    importMs: () => answer<number>(timer, []),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function answer<T>(script: string, args: string[], { caFile, onStarted }: RunOptions = {}): Promise<T> {
  return new Promise((resolve, reject) => {
    const env = { ...process.env, ...ENVIRONMENT, ...(caFile && { NODE_EXTRA_CA_CERTS: caFile }) };
    const child = fork(script, args, { execArgv: LAMBDA_256_MB, env });
    onStarted?.(child.pid!);
    let result: T | undefined;
    child.on("message", (message) => {
      result = message as T;
    });
    child.on("exit", (code) => {
      if (result === undefined) reject(new Error(`A bench process ended with code ${code} without a result`));
      else resolve(result);
    });
  });
}
