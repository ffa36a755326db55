import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve, sep } from "node:path";

export const ROOT = resolve(__dirname, "..");
const IMPORT = /(?:from|import\(?|require\()\s*["']([^"']+)["']/g;

export interface Import {
  readonly file: string;
  /** Path from the root, or package name. */
  readonly of: string;
}

/** Imports of the TypeScript files in a folder, or of one file; dynamic imports included. */
export function importsIn(path: string): Import[] {
  return sourcesIn(path).flatMap((file) =>
    [...readFileSync(join(ROOT, file), "utf8").matchAll(IMPORT)].map(([, specifier = ""]) => ({
      file,
      of: specifier.startsWith(".") ? fromRoot(resolve(ROOT, dirname(file), specifier)) : specifier,
    })),
  );
}

/** The TypeScript files in a folder, or the one file. */
export function sourcesIn(path: string): string[] {
  if (statSync(join(ROOT, path)).isFile()) return [path];
  return readdirSync(join(ROOT, path), { recursive: true, withFileTypes: true })
    .filter(
      (entry) => entry.isFile() && /\.tsx?$/.test(entry.name) && !/[/\\](node_modules|dist)\b/.test(entry.parentPath),
    )
    .map((entry) => fromRoot(join(entry.parentPath, entry.name)));
}

/** The file that an import of a path from the root loads; `undefined` = it is a package. */
export function fileOf(path: string): string | undefined {
  return [path, `${path}.ts`, `${path}.tsx`, `${path}/index.ts`].find(
    (file) => /\.tsx?$/.test(file) && existsSync(join(ROOT, file)),
  );
}

/** Nodes of a graph that are in a circle, or between two circles. */
export function circlesOf(graph: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const left = new Map([...graph].map(([node, next]) => [node, new Set(next)]));
  for (let before = -1; before !== left.size; ) {
    before = left.size;
    const targets = new Set([...left.values()].flatMap((next) => [...next]));
    for (const [node, next] of left)
      if (!targets.has(node) || [...next].every((one) => !left.has(one))) left.delete(node);
  }
  return [...left.keys()].sort();
}

function fromRoot(path: string): string {
  return relative(ROOT, path).split(sep).join("/");
}
