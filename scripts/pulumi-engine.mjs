// Prints the path of a Pulumi CLI: the one on PATH, otherwise one that it builds once from its Go module into a cache folder.
// `npm run test:engine` runs it. It needs Go only without Pulumi. Progress goes to stderr, the path to stdout.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The release to build. A CLI on PATH is used in any version. */
const VERSION = "v3.274.1";
const MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

const log = (line) => process.stderr.write(`pulumi-engine: ${line}\n`);

function onPath(command) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, command);
    if (folder && existsSync(file)) return file;
  }
  return undefined;
}

const cacheFolder = () =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "stream-ingestion", `pulumi-${VERSION}`);

/** Runs a command, logs its progress every 30 seconds, and fails with the end of its output. */
function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        output = (output + data).slice(-4000);
      });
    }
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const progress = setInterval(() => log(`${command} ${args[0]} is running, ${seconds()} s`), 30_000);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearInterval(progress);
      if (code === 0) resolve(log(`${command} ${args[0]} took ${seconds()} s`));
      else reject(new Error(`${command} ${args.join(" ")} failed with ${code}:\n${output}`));
    });
  });
}

async function build(folder) {
  const go = onPath("go");
  if (!go) {
    throw new Error(
      "Expected `pulumi` or `go` on PATH, found neither. Install Pulumi (https://www.pulumi.com/docs/install/), or install Go to build it.",
    );
  }
  const module = join(folder, "module");
  mkdirSync(module, { recursive: true });
  log(`no pulumi on PATH: building ${VERSION} from its Go module into ${folder} (about 4 minutes and 2.3 GB, once)`);
  writeFileSync(join(module, "go.mod"), "module pulumi-engine\n\ngo 1.25\n");
  await run(go, ["get", `${MODULE}@${VERSION}`], module);
  // Built under another name and then renamed, so that an interrupted build leaves no broken CLI.
  const partial = join(folder, "pulumi.building");
  await run(go, ["build", "-ldflags", `-s -w -X ${VERSION_VARIABLE}=${VERSION}`, "-o", partial, MODULE], module);
  renameSync(partial, join(folder, "pulumi"));
}

/** The path of a Pulumi CLI. */
export async function pulumiEngine() {
  const installed = onPath("pulumi");
  if (installed) return installed;
  const folder = cacheFolder();
  const built = join(folder, "pulumi");
  if (!existsSync(built)) await build(folder);
  log(`${built}, ${execFileSync(built, ["version"], { encoding: "utf8" }).trim()}`);
  return built;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${await pulumiEngine()}\n`);
  } catch (error) {
    log(error.message);
    process.exitCode = 1;
  }
}
