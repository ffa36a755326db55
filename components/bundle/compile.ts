import { spawnSync } from "node:child_process";
import { basename, dirname, join, relative, resolve } from "node:path";
import { type BuildOptions, type BuildResult, buildSync, type Message, type Metafile, type OutputFile } from "esbuild";
import type { CodeFiles } from "./bundle";

/** The output of esbuild for one entry. */
export interface Compiled {
  /** The code file first, then its source map and the files from the loaders `copy` and `file`. */
  readonly files: CodeFiles;
  readonly metafile: Metafile;
  readonly warnings: readonly Message[];
}

/** Options of every bundle. The same input gives the same bytes in any folder. */
export function bundleOptions(entry: string): BuildOptions {
  return {
    entryPoints: [basename(entry)],
    absWorkingDir: dirname(entry),
    bundle: true,
    platform: "node",
    minify: true,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
    write: false,
    metafile: true,
    logLevel: "silent",
  };
}

/** The code does not compile. `errors` are esbuild's messages. */
export class CompileError extends Error {
  constructor(
    entry: string,
    readonly errors: readonly Message[],
  ) {
    super(`${entry} does not compile:\n${lines(errors)}`);
  }
}

/** Replaced contents of single files, by absolute path. */
export type Replacements = Readonly<Record<string, { readonly contents: string; readonly loader: "js" | "ts" }>>;

/**
 * Bundles one entry, synchronously, because child resources are not created inside an `apply`.
 *
 * @throws CompileError
 */
export function compile(options: BuildOptions, replacements: Replacements = {}): Compiled {
  const folder = options.absWorkingDir as string;
  const [entry] = options.entryPoints as string[];
  try {
    const plain = Object.keys(replacements).length === 0;
    const { outputFiles = [], metafile, warnings } = plain ? buildSync(options) : buildReplaced(options, replacements);
    const files = new Map(outputFiles.map(({ path, contents }) => [basename(path), Buffer.from(contents)]));
    return { files: codeFirst(withRelativeSources(files, folder)), metafile: metafile as Metafile, warnings };
  } catch (error) {
    const { errors } = error as { errors?: Message[] };
    if (errors === undefined) throw error;
    throw new CompileError(join(folder, entry as string), errors);
  }
}

/** esbuild's messages, one per line, with file, line and column. */
export function lines(messages: readonly Message[]): string {
  return messages
    .map(({ text, location }) =>
      location ? `${location.file}:${location.line}:${location.column + 1}: ${text}` : text,
    )
    .join("\n");
}

/** Runs in another process that this one waits for, because esbuild supports plugins only asynchronously. */
const BUILD_WITH_PLUGIN = `
const { esbuild, options, replacements } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
const plugin = {
  name: "replacements",
  setup: (build) => build.onLoad({ filter: /./ }, ({ path }) => replacements[path]),
};
const answer = (result) => process.stdout.write(JSON.stringify(result));
require(esbuild).build({ ...options, plugins: [plugin] }).then(
  ({ outputFiles, metafile, warnings }) => answer({
    outputFiles: outputFiles.map(({ path, contents }) => ({ path, contents: Buffer.from(contents).toString("base64") })),
    metafile,
    warnings,
  }),
  ({ message, errors }) => answer({ failed: message, errors }),
);`;

function buildReplaced(options: BuildOptions, replacements: Replacements): BuildResult {
  const input = JSON.stringify({ esbuild: require.resolve("esbuild"), options, replacements });
  const { stdout, stderr, error } = spawnSync(process.execPath, ["-e", BUILD_WITH_PLUGIN], {
    input,
    encoding: "utf8",
    env: { ...process.env, NODE_OPTIONS: "" },
    maxBuffer: 1024 ** 3,
  });
  if (error || stdout === "") throw new Error(`esbuild did not run: ${error?.message ?? stderr}`);
  const result = JSON.parse(stdout);
  if (result.failed !== undefined) throw Object.assign(new Error(result.failed), { errors: result.errors });
  for (const file of result.outputFiles as OutputFile[])
    file.contents = Buffer.from(file.contents as unknown as string, "base64");
  return result;
}

const isCode = (name: string) => /^index\.m?js$/.test(name);
const isMap = (name: string) => /^index\.m?js\.map$/.test(name);

function codeFirst(files: CodeFiles): CodeFiles {
  return new Map([...files].sort(([a], [b]) => Number(isCode(b)) - Number(isCode(a)) || (a < b ? -1 : 1)));
}

/** Removes the part of each source path that differs between machines: everything before `node_modules` or the entry's folder. */
function withRelativeSources(files: CodeFiles, folder: string): CodeFiles {
  const [name, map] = [...files].find(([file]) => isMap(file)) ?? [];
  if (name === undefined || map === undefined) return files;
  const parsed = JSON.parse(map.toString()) as { sources: string[] };
  parsed.sources = parsed.sources.map((source) => {
    const modules = source.lastIndexOf("node_modules/");
    if (modules >= 0) return source.slice(modules);
    const path = relative(folder, resolve(folder, source));
    return path.replace(/^(\.\.\/)+/, "");
  });
  return new Map(files).set(name, Buffer.from(JSON.stringify(parsed)));
}
