import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../args";
import type { Assets } from "./bundle";
import { cached } from "./cache";
import { installedVersions } from "./installed-versions";
import { type Lock, subsetOf } from "./lock-subset";

/** Lambda's limit for the unzipped function. */
const MAX_BYTES = 250 * 1024 * 1024;

const LOCKFILES = ["package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "yarn.lock", "bun.lock", "bun.lockb"];

const NPM_OPTIONS = ["--omit=dev", "--ignore-scripts", "--no-bin-links", "--no-audit", "--no-fund"];

/**
 * Installs packages for Lambda in the project's versions and caches the result: the same lockfile gives the same folder. Install
 * scripts do not run, because they would build for this machine.
 *
 * @throws Error that names the package, or npm's message
 */
export function installPackages(
  entry: string,
  names: readonly string[],
  architecture: Architecture,
  warn: (message: string) => void,
): Assets {
  if (names.length === 0) return {};
  const { root, files } = plan(resolve(entry), names, warn);
  const cpu = architecture === "x86_64" ? "x64" : "arm64";
  const folder = cached(root, { cpu, files }, (target) => {
    for (const [name, content] of Object.entries(files)) writeFileSync(join(target, name), content);
    const command = "package-lock.json" in files ? "ci" : "install";
    // With the project's registries and their tokens. It must not stay in the cache.
    const settings = join(target, ".npmrc");
    if (existsSync(join(root, ".npmrc"))) copyFileSync(join(root, ".npmrc"), settings);
    run("npm", [command, "--os=linux", `--cpu=${cpu}`, "--libc=glibc", ...NPM_OPTIONS], target);
    rmSync(settings, { force: true });
    rmSync(join(target, "node_modules", ".package-lock.json"), { force: true });
  });
  const modules = join(folder, "node_modules");
  for (const name of names)
    if (!existsSync(join(modules, name)))
      throw new Error(
        `Expected \`processor.install\` to name packages for Linux on ${cpu}, but npm did not install "${name}". Choose a package or \`processor.architecture\` that it supports.`,
      );
  checkInstalledSize(modules, names);
  return { node_modules: new pulumi.asset.FileArchive(modules) };
}

/** The package.json for npm, and its package-lock.json if the project has one. */
function plan(
  entry: string,
  names: readonly string[],
  warn: (message: string) => void,
): { root: string; files: Record<string, string> } {
  const lockfile = nearestLockfile(dirname(entry));
  if (lockfile === undefined)
    throw new Error(
      `Expected a lockfile in a folder above ${entry}, because \`processor.install\` uses its versions, but there is none. Run: npm install`,
    );
  const root = dirname(lockfile);
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  if (/package-lock|shrinkwrap/.test(lockfile)) {
    const lock = JSON.parse(readFileSync(lockfile, "utf8")) as Lock;
    if (lock.packages === undefined)
      throw new Error(
        `Expected ${lockfile} to have lockfileVersion 2 or later, got the version of npm 6. Run: npm install --package-lock-only`,
      );
    const subset = subsetOf(lock, names, relative(root, dirname(entry)).split(sep).join("/"));
    return { root, files: { "package.json": text(subset.manifest), "package-lock.json": text(subset.lock) } };
  }
  const { ambiguous, ...versions } = installedVersions(entry, names, lockfile);
  for (const [name, found] of Object.entries(ambiguous))
    warn(
      `\`processor.install\` needs ${name}, which this project has in versions ${found.join(" and ")}: npm chooses one of its versions, ` +
        "and can choose another one in a later deploy. To fix the version, add the package to `processor.install`.",
    );
  return { root, files: { "package.json": text({ name: "processor-install", private: true, ...versions }) } };
}

function nearestLockfile(folder: string): string | undefined {
  const found = LOCKFILES.map((name) => join(folder, name)).find((path) => existsSync(path));
  const parent = dirname(folder);
  return found ?? (parent === folder ? undefined : nearestLockfile(parent));
}

/** @throws Error with the command and the end of its output */
export function run(command: string, args: readonly string[], cwd: string): void {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    shell: process.platform === "win32",
  });
  if (status === 0) return;
  const output = error ? error.message : `${stdout}\n${stderr}`.trim().split("\n").slice(-15).join("\n");
  throw new Error(`\`processor.install\` failed: ${command} ${args.join(" ")}\n${output}`);
}

export function checkInstalledSize(folder: string, names: readonly string[]): void {
  const bytes = readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce((sum, name) => {
    const file = statSync(join(folder, name), { throwIfNoEntry: false });
    return file?.isFile() ? sum + file.size : sum;
  }, 0);
  if (bytes > MAX_BYTES)
    throw new Error(
      `${names.join(", ")} of \`processor.install\` need ${Math.ceil(bytes / 1024 / 1024)} MB, but Lambda allows 250 MB for a function. Install fewer or smaller packages.`,
    );
}
