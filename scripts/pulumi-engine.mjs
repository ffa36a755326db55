// Prints the path of a Pulumi CLI: the one on PATH, otherwise one that it builds once from its Go module into a cache folder. With
// names of languages (`nodejs yaml`), the folders of a CLI and of their language hosts. `npm run test:engine`, `test:cli` and
// `test:languages` run it. It needs Go only without Pulumi. Progress goes to stderr, the path to stdout.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { chmodSync, copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The release to build. A CLI on PATH is used in any version. */
const CLI = {
  command: "pulumi",
  version: "v3.274.1",
  package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
  variables: ["-X", "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version=v3.274.1"],
};
/** Later versions of the first two are separate modules, which the module proxy does not serve. These work with the CLI above. */
const HOSTS = {
  nodejs: host("nodejs", "v3.68.0", "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd"),
  python: host("python", "v3.68.0", "github.com/pulumi/pulumi/sdk/v3/python/cmd"),
  yaml: host("yaml", "v1.25.0", "github.com/pulumi/pulumi-yaml/cmd"),
};

function host(language, version, folder) {
  const command = `pulumi-language-${language}`;
  // The host for Python starts programs with this script.
  const scripts = language === "python" ? [`../${command}-exec`] : [];
  return { command, version, package: `${folder}/${command}`, variables: [], scripts };
}

const log = (line) => process.stderr.write(`pulumi-engine: ${line}\n`);

function onPath(command) {
  for (const folder of (process.env.PATH ?? "").split(delimiter)) {
    const file = join(folder, command);
    if (folder && existsSync(file)) return file;
  }
  return undefined;
}

const cacheFolder = ({ command, version }) =>
  join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "stream-ingestion", `${command}-${version}`);

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

const DOWNLOADS = 3;

/** Runs a command that downloads. Repeats it when it fails: the module proxy does not always answer. */
async function download(command, args, cwd) {
  for (let attempt = 1; attempt < DOWNLOADS; attempt++) {
    try {
      return await run(command, args, cwd);
    } catch (error) {
      log(`attempt ${attempt} of ${DOWNLOADS}: ${error.message}`);
    }
  }
  return run(command, args, cwd);
}

async function build(folder, { command, version, package: source, variables, scripts = [] }) {
  const go = onPath("go");
  if (!go) {
    throw new Error(
      "Expected `pulumi` or `go` on PATH, found neither. Install Pulumi (https://www.pulumi.com/docs/install/), or install Go to build it.",
    );
  }
  const module = join(folder, "module");
  mkdirSync(module, { recursive: true });
  log(`no ${command} on PATH: building ${version} from its Go module into ${folder} (minutes and up to 2.3 GB, once)`);
  writeFileSync(join(module, "go.mod"), "module pulumi-engine\n\ngo 1.25\n");
  await download(go, ["get", `${source}@${version}`], module);
  // Built under another name and then renamed, so that no build that is interrupted, or runs twice, leaves a broken CLI.
  const partial = join(folder, `${command}.building-${process.pid}`);
  await run(go, ["build", "-ldflags", ["-s", "-w", ...variables].join(" "), "-o", partial, source], module);
  const [from] = execFileSync(go, ["list", "-f", "{{.Dir}}", source], { cwd: module, encoding: "utf8" }).split("\n");
  for (const script of scripts) {
    copyFileSync(join(from, script), join(folder, basename(script)));
    chmodSync(join(folder, basename(script)), 0o755);
  }
  renameSync(partial, join(folder, command));
}

async function built(tool) {
  const folder = cacheFolder(tool);
  const file = join(folder, tool.command);
  if (!existsSync(file)) await build(folder, tool);
  return file;
}

/** The path of a Pulumi CLI. */
export async function pulumiEngine() {
  const installed = onPath(CLI.command);
  if (installed) return installed;
  const file = await built(CLI);
  log(`${file}, ${execFileSync(file, ["version"], { encoding: "utf8" }).trim()}`);
  return file;
}

/**
 * The program that writes the SDK of a schema for Python, from `main.go` in `folder`. It uses the packages of the CLI.
 */
export async function sdkGenerator(folder) {
  const go = onPath("go");
  if (!go) throw new Error("Expected `go` on PATH to build the generator of SDKs, found none. Install Go.");
  const main = readFileSync(join(folder, "main.go"));
  const id = createHash("sha256").update(main).update(CLI.version).digest("hex").slice(0, 12);
  const cache = cacheFolder({ command: "sdkgen", version: id });
  const file = join(cache, "sdkgen");
  if (existsSync(file)) return file;
  mkdirSync(cache, { recursive: true });
  writeFileSync(join(cache, "main.go"), main);
  writeFileSync(join(cache, "go.mod"), "module sdkgen\n\ngo 1.25\n");
  await download(go, ["get", `github.com/pulumi/pulumi/pkg/v3@${CLI.version}`], cache);
  await download(go, ["mod", "tidy"], cache);
  const partial = `${file}.building-${process.pid}`;
  await run(go, ["build", "-o", partial, "."], cache);
  renameSync(partial, file);
  return file;
}

/** The folders of a Pulumi CLI and of its language hosts, for PATH. Installed hosts belong to the installed CLI. */
async function pulumiFolders(languages) {
  const cli = await pulumiEngine();
  const folders = [dirname(cli)];
  for (const language of languages) {
    const host = cli === onPath(CLI.command) ? onPath(HOSTS[language].command) : undefined;
    folders.push(dirname(host ?? (await built(HOSTS[language]))));
  }
  return folders;
}

async function main(languages) {
  try {
    const found = languages.length > 0 ? await pulumiFolders(languages) : [await pulumiEngine()];
    process.stdout.write(`${found.join(delimiter)}\n`);
  } catch (error) {
    log(error.message);
    process.exitCode = 1;
  }
}

// Without a top-level `await`, so that CommonJS can import this file.
if (process.argv[1] === fileURLToPath(import.meta.url)) void main(process.argv.slice(2));
