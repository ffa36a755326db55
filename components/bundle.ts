import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { type BuildFailure, type BuildOptions, buildSync } from "esbuild";

/** A function's code: one CommonJS file and its source map. `hash` is over both. */
export interface Bundle {
  readonly archive: pulumi.asset.AssetArchive;
  readonly hash: string;
  readonly bytes: number;
}

export type HandlerName = "connection-api" | "connection-manager" | "watchdog";

/** One of our handlers: prebuilt in the published package, from its source in the repository. */
export function bundleHandler(name: HandlerName): Bundle {
  const known = handlers.get(name) ?? readHandler(name);
  handlers.set(name, known);
  return known;
}

/** They are the same for every instance in a program. */
const handlers = new Map<HandlerName, Bundle>();

function readHandler(name: HandlerName): Bundle {
  const prebuilt = join(__dirname, "..", "handlers", name);
  if (existsSync(join(prebuilt, "index.js"))) return toBundle(prebuilt);
  return build(handlerOptions(join(__dirname, "..", "runtime", "handlers", `${name}.ts`)));
}

/** undici falls back to it where WebAssembly has no SIMD, which Lambda and every Node since 16 have. */
const PARSER_WITHOUT_SIMD = "../llhttp/llhttp-wasm.js";
/** Under this name undici does not find HTTP/2, and does without: nothing here speaks it, and Node's takes 4 MB once loaded. */
const NO_HTTP2 = "http2-left-out";

/**
 * How a handler of ours is bundled, here and in the package's build. `esbuildDetection` is undici's own name for a bundle that
 * leaves its second, experimental parser out. With the parser above: 298 KB instead of 536.
 */
export function handlerOptions(entry: string): BuildOptions {
  return {
    ...bundleOptions(entry, [PARSER_WITHOUT_SIMD, NO_HTTP2]),
    alias: { "node:http2": NO_HTTP2 },
    define: { esbuildDetection: "true" },
  };
}

/**
 * The user's processor with its dependencies. Their tsconfig.json is honoured.
 *
 * @param entry - path from the program's folder, or absolute
 * @throws Error that names the path tried, esbuild's message with file and line, or the missing export
 */
export function bundleProcessor(entry: string, externals: readonly string[]): Bundle {
  const path = resolve(entry);
  if (!existsSync(path)) {
    throw new Error(`Expected \`processor.entry\` to be a file, but "${entry}" is not there. Tried ${path}.`);
  }
  return build(bundleOptions(path, externals));
}

/** What every bundle asks of esbuild: the same input gives the same bytes in any folder. */
function bundleOptions(entry: string, externals: readonly string[]): BuildOptions {
  return {
    entryPoints: [basename(entry)],
    absWorkingDir: dirname(entry),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "cjs",
    mainFields: ["module", "main"],
    conditions: ["module"],
    minify: true,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    external: [...externals],
    outfile: join(dirname(entry), "index.js"),
    write: false,
    metafile: true,
    logLevel: "silent",
  };
}

function build(options: BuildOptions): Bundle {
  return toBundle(buildFiles(options));
}

/** `index.js` and `index.js.map`. @throws Error with esbuild's messages, or when no handler is exported */
export function buildFiles(options: BuildOptions): Map<string, Buffer> {
  const folder = options.absWorkingDir as string;
  const entry = join(folder, (options.entryPoints as string[])[0] as string);
  const files = new Map<string, Buffer>();
  try {
    const { outputFiles = [] } = buildSync(options);
    for (const file of outputFiles) files.set(basename(file.path), Buffer.from(file.contents));
  } catch (error) {
    throw new Error(`${entry} does not compile:\n${messages(error as BuildFailure)}`);
  }
  if (!exportsHandler(basename(entry), options)) {
    throw new Error(
      `Expected ${entry} to export \`handler\`, as in «export const handler = eachEvent(async (event) => { … })».`,
    );
  }
  return withRelativeSources(files, folder);
}

/** esbuild lists the exports of a module only in its ESM output; a CommonJS module lists none and may export anything. */
function exportsHandler(entry: string, options: BuildOptions): boolean {
  const { metafile } = buildSync({ ...options, format: "esm", sourcemap: false, minify: false });
  const output = Object.values(metafile?.outputs ?? {})[0];
  const isModule = metafile?.inputs[entry]?.format === "esm";
  return !isModule || output?.exports.includes("handler") === true;
}

/** Paths above the entry's folder differ between machines: only what follows `node_modules` or the entry's folder is kept. */
function withRelativeSources(files: Map<string, Buffer>, folder: string): Map<string, Buffer> {
  const map = files.get("index.js.map");
  if (map === undefined) return files;
  const parsed = JSON.parse(map.toString()) as { sources: string[] };
  parsed.sources = parsed.sources.map((source) => {
    const modules = source.lastIndexOf("node_modules/");
    if (modules >= 0) return source.slice(modules);
    const path = relative(folder, resolve(folder, source));
    return path.replace(/^(\.\.\/)+/, "");
  });
  return new Map(files).set("index.js.map", Buffer.from(JSON.stringify(parsed)));
}

function toBundle(from: string | Map<string, Buffer>): Bundle {
  const read = (name: string) =>
    typeof from === "string" ? readFileSync(join(from, name)) : (from.get(name) ?? Buffer.alloc(0));
  const code = read("index.js");
  const map = read("index.js.map");
  return {
    archive: new pulumi.asset.AssetArchive({
      "index.js": new pulumi.asset.StringAsset(code.toString()),
      "index.js.map": new pulumi.asset.StringAsset(map.toString()),
    }),
    hash: createHash("sha256").update(code).update("\0").update(map).digest("hex").slice(0, 16),
    bytes: code.length,
  };
}

function messages(failure: BuildFailure): string {
  const errors = failure.errors ?? [];
  if (errors.length === 0) return String(failure);
  return errors
    .map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text,
    )
    .join("\n");
}
