// Prints the path of a Pulumi CLI: the one on PATH, else one built once from its Go module into a cache folder.
// Run by `npm run test:engine`; needs Go only where Pulumi is missing. Progress goes to stderr, the path to stdout.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The release that is built; any CLI on PATH of the same major version is taken as it is. */
const VERSION = "v3.274.1";
const MODULE = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi";
const VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version";

const say = (line) => process.stderr.write(`pulumi-engine: ${line}\n`);

function onPath(command) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, command);
    if (folder && existsSync(file)) return file;
  }
  return undefined;
}

const cacheFolder = () =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "stream-ingestion", `pulumi-${VERSION}`);

/** Runs a command, says every half minute that it still runs, and fails with its last words. */
function run(command, args, cwd) {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    const child = spawn(command, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
    let words = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (data) => {
        words = (words + data).slice(-4000);
      });
    }
    const seconds = () => Math.round((Date.now() - started) / 1000);
    const progress = setInterval(() => say(`${command} ${args[0]} runs, ${seconds()} s`), 30_000);
    child.on("error", reject);
    child.on("exit", (code) => {
      clearInterval(progress);
      if (code === 0) resolve(say(`${command} ${args[0]} took ${seconds()} s`));
      else reject(new Error(`${command} ${args.join(" ")} failed with ${code}:\n${words}`));
    });
  });
}

async function build(folder) {
  const go = onPath("go");
  if (!go) {
    throw new Error(
      "Expected `pulumi` or `go` on PATH, found neither. Install Pulumi (https://www.pulumi.com/docs/install/), or Go, with which it is built.",
    );
  }
  const module = join(folder, "module");
  mkdirSync(module, { recursive: true });
  say(`no pulumi on PATH: building ${VERSION} from its Go module into ${folder} (about 4 minutes and 2.3 GB, once)`);
  writeFileSync(join(module, "go.mod"), "module pulumi-engine\n\ngo 1.25\n");
  await run(go, ["get", `${MODULE}@${VERSION}`], module);
  // Built beside its name and then renamed: an interrupted build leaves nothing that looks like a CLI.
  const half = join(folder, "pulumi.building");
  await run(go, ["build", "-ldflags", `-s -w -X ${VERSION_VARIABLE}=${VERSION}`, "-o", half, MODULE], module);
  renameSync(half, join(folder, "pulumi"));
}

/** Path of a Pulumi CLI that runs here. */
export async function pulumiEngine() {
  const installed = onPath("pulumi");
  if (installed) return installed;
  const folder = cacheFolder();
  const built = join(folder, "pulumi");
  if (!existsSync(built)) await build(folder);
  say(`${built}, ${execFileSync(built, ["version"], { encoding: "utf8" }).trim()}`);
  return built;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.stdout.write(`${await pulumiEngine()}\n`);
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
