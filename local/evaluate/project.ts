import { existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { LocalError } from "../local-error";

/** A Pulumi project on disk, resolved as `pulumi up` does. */
export interface Project {
  readonly name: string;
  /** Folder of Pulumi.yaml. */
  readonly root: string;
  /** Working directory of the program. */
  readonly directory: string;
  /** The file to load. */
  readonly entry: string;
  /** `config` of Pulumi.yaml, not parsed. */
  readonly configSchema: Readonly<Record<string, unknown>>;
}

interface Manifest {
  readonly main?: unknown;
  readonly exports?: unknown;
  readonly type?: unknown;
}

const INDEX_FILES = ["index.js", "index.cjs", "index.mjs", "index.ts", "index.cts", "index.mts"];

/**
 * Reads Pulumi.yaml in `folder` and finds the program: `main` of Pulumi.yaml, otherwise `exports` or `main` of
 * package.json, otherwise an index file.
 */
export function readProject(folder: string): Project {
  const root = resolve(folder);
  const file = ["Pulumi.yaml", "Pulumi.yml"].map((name) => join(root, name)).find((path) => existsSync(path));
  if (file === undefined) {
    throw new LocalError(
      `Expected a Pulumi project in ${root}, found no Pulumi.yaml. Pass the project's folder with --program DIR.`,
    );
  }
  const settings = readYaml(file);
  const { name, runtime } = settings;
  if (typeof name !== "string" || name === "") throw new LocalError(`Expected ${file} to have a \`name\`.`);
  const language = typeof runtime === "object" && runtime !== null ? (runtime as { name?: unknown }).name : runtime;
  if (language !== "nodejs") {
    throw new LocalError(
      `Expected \`runtime\` of ${file} to be nodejs, got ${String(language)}: the local stack runs Node programs only.`,
    );
  }
  const config = settings.config;
  return {
    name,
    root,
    ...locate(root, typeof settings.main === "string" ? settings.main : undefined),
    configSchema: typeof config === "object" && config !== null ? (config as Record<string, unknown>) : {},
  };
}

function locate(root: string, main: string | undefined): Pick<Project, "directory" | "entry"> {
  if (main !== undefined) {
    const target = resolve(root, main);
    if (!existsSync(target)) throw new LocalError(`\`main\` of Pulumi.yaml names ${target}, which does not exist.`);
    // Pulumi makes the folder of `main` the working directory.
    if (!statSync(target).isDirectory()) return { directory: dirname(target), entry: target };
    return { directory: target, entry: entryOf(target) };
  }
  return { directory: root, entry: entryOf(root) };
}

function entryOf(directory: string): string {
  const manifestFile = join(directory, "package.json");
  const manifest = existsSync(manifestFile) ? (JSON.parse(readFileSync(manifestFile, "utf8")) as Manifest) : {};
  const named = exportedFile(manifest.exports) ?? (typeof manifest.main === "string" ? manifest.main : undefined);
  const candidates =
    named === undefined ? INDEX_FILES : [named, ...INDEX_FILES.map((index) => join(named, index)), ...INDEX_FILES];
  const entry = candidates.map((name) => join(directory, name)).find((path) => isFile(path));
  if (entry === undefined) {
    throw new LocalError(
      `Found no program in ${directory}: looked for ${candidates.map((path) => (basename(path) === path ? path : `./${path}`)).join(", ")}.`,
    );
  }
  return entry;
}

/** The file of the "." export, as Pulumi's runner reads it. */
function exportedFile(exports: unknown): string | undefined {
  if (typeof exports === "string") return exports;
  const root = (exports as Record<string, unknown> | null | undefined)?.["."];
  if (typeof root === "string") return root;
  const conditions = root as Record<string, unknown> | null | undefined;
  const file = conditions?.default ?? conditions?.require ?? conditions?.import;
  return typeof file === "string" ? file : undefined;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** A YAML file whose root is a map; an empty file is an empty map. */
export function readYaml(file: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new LocalError(`${file} is not valid YAML: ${(error as Error).message}`, { cause: error });
  }
  if (content === null || content === undefined) return {};
  if (typeof content !== "object" || Array.isArray(content)) throw new LocalError(`Expected ${file} to hold a map.`);
  return content as Record<string, unknown>;
}
