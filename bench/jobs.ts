import { fork } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import type { Job, JobResult } from "./relay-process";

export interface Bundle {
  readonly bytes: number;
  run(job: Job): Promise<JobResult>;
  /** Milliseconds that a fresh process takes to load the data plane alone. */
  importMs(): Promise<number>;
  remove(): void;
}

/** Heap limits in the proportions that Lambda's Node runtimes set: 5 % and 90 % of the function's memory. */
const LAMBDA_256_MB = ["--max-semi-space-size=12", "--max-old-space-size=230"];

/** Bundles the relay as a deployment does; each job runs in a fresh process of it. */
export function bundleRelay(): Bundle {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const build = (name: string, input: { entryPoints?: string[]; stdin?: { contents: string; resolveDir: string } }) => {
    const outfile = join(folder, name);
    buildSync({
      ...input,
      outfile,
      ...{ bundle: true, platform: "node", target: "node24", minify: true, logLevel: "error" },
      // Leaves undici's second, experimental parser out, as Node's own build does.
      define: { esbuildDetection: "true" },
    });
    return outfile;
  };
  const job = build("job.js", { entryPoints: [join(__dirname, "relay-process.ts")] });
  const plane = ["relay", "dynamodb-store", "s3-put"]
    .map((file) => `export * from "../runtime/data/${file}";`)
    .join("\n");
  const planeFile = build("plane.js", { stdin: { contents: plane, resolveDir: __dirname } });
  const timer = `const t = performance.now(); require(${JSON.stringify(planeFile)}); process.send(performance.now() - t);`;
  const timerFile = build("timer.js", {
    stdin: { contents: timer.replace("require(", "module.require("), resolveDir: folder },
  });
  return {
    bytes: readFileSync(planeFile).length,
    run: (input) => answer<JobResult>(job, [JSON.stringify(input)]),
    importMs: () => answer<number>(timerFile, []),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

function answer<T>(script: string, args: string[]): Promise<T> {
  return new Promise((resolve, reject) => {
    const child = fork(script, args, { execArgv: LAMBDA_256_MB });
    let result: T | undefined;
    child.on("message", (message) => {
      result = message as T;
    });
    child.on("exit", (code) => {
      if (result === undefined) reject(new Error(`A bench process ended with code ${code} and no answer`));
      else resolve(result);
    });
  });
}
