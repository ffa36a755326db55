import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

export const ROOT = resolve(__dirname, "../..");

/** The npm packages of this repository and their folders: name → folder from the root. */
export const PACKAGES = {
  "pulumi-stream-ingestion": "",
  "stream-ingestion": "cli",
  "stream-ingestion-local": "local",
} as const;
export type PackageName = keyof typeof PACKAGES;

/** How often an installation is attempted. */
const INSTALLATIONS = 3;

export interface Packed {
  readonly name: PackageName;
  readonly tarball: string;
  readonly manifest: Manifest;
  /** Paths in the package. */
  readonly files: readonly string[];
}

export interface Manifest {
  readonly version: string;
  readonly exports: object;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** The packages in `folder`, or those that an earlier suite of the gate left in the folder for all of them. */
export function packAll(folder: string): Packed[] {
  const shared = process.env.STREAM_INGESTION_PACKAGES;
  if (shared === undefined) return buildAll(folder);
  const list = join(shared, "packages.json");
  if (!existsSync(list)) writeFileSync(list, JSON.stringify(buildAll(shared)));
  return JSON.parse(readFileSync(list, "utf8")) as Packed[];
}

/** Builds the packages and packs them into `folder`. */
export function buildAll(folder: string): Packed[] {
  run(ROOT, process.execPath, "scripts/build.mjs");
  return Object.entries(PACKAGES).map(([name, from]) => {
    const dist = join(ROOT, from, "dist");
    const json = run(ROOT, "npm", "pack", dist, "--json", "--silent", "--pack-destination", folder);
    const [{ filename, files }] = JSON.parse(json) as [{ filename: string; files: { path: string }[] }];
    return {
      name: name as PackageName,
      tarball: join(folder, filename),
      manifest: JSON.parse(readFileSync(join(dist, "package.json"), "utf8")) as Manifest,
      files: files.map(({ path }) => path),
    };
  });
}

/** An empty folder by its real path, because only some tools resolve symbolic links. */
export function emptyFolder(prefix: string): string {
  return realpathSync(mkdtempSync(join(tmpdir(), prefix)));
}

/** Lays packages out as npm does: unpacks ours, and links their dependencies to save 500 MB. */
export function unpackAll(packed: readonly Packed[], folder: string): void {
  const modules = join(folder, "node_modules");
  for (const { name, tarball } of packed) {
    mkdirSync(join(modules, name), { recursive: true });
    run(folder, "tar", "-xzf", tarball, "-C", join(modules, name), "--strip-components=1");
  }
  const others = readdirSync(join(ROOT, "node_modules")).filter((name) => !name.startsWith(".") && !(name in PACKAGES));
  for (const name of others) symlinkSync(join(ROOT, "node_modules", name), join(modules, name));
}

/** Path of a command in this repository's dev dependencies. */
export function toolPath(name: string, bin: string): string {
  const manifest = join(ROOT, "node_modules", name, "package.json");
  const { bin: bins } = JSON.parse(readFileSync(manifest, "utf8")) as { bin: Record<string, string> };
  return join(dirname(manifest), bins[bin]!);
}

/** Installs packages. Repeats the command when it fails: a registry does not always answer. */
export function install(cwd: string, command: string, ...args: string[]): void {
  for (let attempt = 1; attempt < INSTALLATIONS; attempt++) {
    try {
      return void run(cwd, command, ...args);
    } catch (error) {
      console.warn(`Attempt ${attempt} of ${INSTALLATIONS} failed. ${(error as Error).message}`);
    }
  }
  run(cwd, command, ...args);
}

/** Runs a command and returns its output. Throws with the output when it fails. */
export function run(cwd: string, command: string, ...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  assert.equal(status, 0, `${command} ${args.join(" ")}: ${error ?? ""}\n${stdout}\n${stderr}`);
  return stdout;
}
