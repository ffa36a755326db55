import { existsSync, readFileSync, statSync } from "node:fs";
import { createRequire, registerHooks } from "node:module";
import { dirname, extname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { formatMessagesSync, type Loader, type TransformFailure, transformSync } from "esbuild";
import { LocalError } from "../local-error";

const TYPESCRIPT: Readonly<Record<string, Loader>> = { ".ts": "ts", ".tsx": "tsx", ".mts": "ts", ".cts": "ts" };
/** The endings of an import without extension in a TypeScript program. The first match wins. */
const ENDINGS = [".ts", ".tsx", ".js", "/index.ts", "/index.js"];

/**
 * Loads a program and returns its exports; it calls an exported function, as Pulumi does. TypeScript is transpiled file by
 * file, without type check, so that a program needs neither tsconfig nor typescript. The hooks stay installed: one program
 * per process.
 */
export async function loadProgram(entry: string): Promise<unknown> {
  registerHooks({ resolve: resolveTypeScript, load: loadTypeScript });
  const loaded = isModule(entry) ? await importModule(entry) : (createRequire(entry)(entry) as unknown);
  return typeof loaded === "function" ? await (loaded as () => unknown)() : loaded;
}

async function importModule(entry: string): Promise<unknown> {
  const exported = (await dynamicImport(pathToFileURL(entry).href)) as Record<string, unknown>;
  if (!("default" in exported)) return { ...exported };
  if (Object.keys(exported).length > 1) {
    throw new LocalError(`Expected ${entry} to have either a default export or named exports, it has both.`);
  }
  return exported.default;
}

/** TypeScript compiles `import()` to `require` under CommonJS; this one remains an import. */
const dynamicImport = new Function("url", "return import(url)") as (url: string) => Promise<unknown>;

type Hooks = Parameters<typeof registerHooks>[0];

const resolveTypeScript: NonNullable<Hooks["resolve"]> = (specifier, context, next) => {
  try {
    return next(specifier, context);
  } catch (error) {
    const found = findSource(specifier, context.parentURL);
    if (found === undefined) throw error;
    return { url: pathToFileURL(found).href, shortCircuit: true, format: formatOf(found) };
  }
};

/** Finds the TypeScript file of a specifier without extension or with `.js`. */
function findSource(specifier: string, parentUrl: string | undefined): string | undefined {
  if (!/^\.{0,2}\//.test(specifier) || parentUrl === undefined || !parentUrl.startsWith("file:")) return undefined;
  const path = resolve(dirname(fileURLToPath(parentUrl)), specifier);
  const candidates = [...ENDINGS.map((ending) => path + ending), path.replace(/\.([cm]?)js$/, ".$1ts")];
  return candidates.find((candidate) => statSync(candidate, { throwIfNoEntry: false })?.isFile());
}

const loadTypeScript: NonNullable<Hooks["load"]> = (url, context, next) => {
  const file = url.startsWith("file:") ? fileURLToPath(url) : "";
  const loader = TYPESCRIPT[extname(file)];
  if (loader === undefined) return next(url, context);
  const format = formatOf(file);
  return { format, source: transpile(file, loader, format), shortCircuit: true };
};

function transpile(file: string, loader: Loader, format: "module" | "commonjs"): string {
  try {
    return transformSync(readFileSync(file, "utf8"), {
      loader,
      format: format === "module" ? "esm" : "cjs",
      target: "node22",
      platform: "node",
      sourcefile: file,
      sourcemap: "inline",
    }).code;
  } catch (error) {
    const { errors } = error as TransformFailure;
    if (errors === undefined) throw error;
    throw new LocalError(formatMessagesSync(errors, { kind: "error" }).join("\n").trim());
  }
}

function formatOf(file: string): "module" | "commonjs" {
  return isModule(file) ? "module" : "commonjs";
}

/** By the extension, otherwise by `type` of the nearest package.json, as Node does for JavaScript. */
function isModule(file: string): boolean {
  if (/\.m[jt]s$/.test(file)) return true;
  if (/\.c[jt]s$/.test(file)) return false;
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest))
      return (JSON.parse(readFileSync(manifest, "utf8")) as { type?: string }).type === "module";
    if (folder === dirname(folder)) return false;
  }
}
