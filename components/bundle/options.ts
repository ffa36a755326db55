import { dirname, join } from "node:path";
import type { BuildOptions, Loader, LogLevel } from "esbuild";
import { bundleOptions } from "./compile";

/** Options of esbuild for a processor. */
export interface BundleSettings {
  /** Absent = CommonJS, or an ES module when the code uses top-level await. */
  readonly format?: "cjs" | "esm";
  readonly loader: Readonly<Record<string, string>>;
  readonly define: Readonly<Record<string, string>>;
  readonly alias: Readonly<Record<string, string>>;
  readonly banner: string;
  readonly minify: boolean;
  readonly mainFields: readonly string[];
  readonly conditions: readonly string[];
  readonly logOverride: Readonly<Record<string, string>>;
  readonly externals: readonly string[];
  /** Such as `node24`. */
  readonly target: string;
}

/** Resolves as Node does: `import` finds a package's ES modules, `require` its CommonJS modules. */
export const BUNDLE_DEFAULTS: BundleSettings = {
  loader: {},
  define: {},
  alias: {},
  banner: "",
  minify: true,
  mainFields: ["main", "module"],
  conditions: [],
  logOverride: {},
  externals: [],
  target: "node24",
};

/** Defines `import.meta` in a CommonJS bundle. */
const CJS = {
  banner: 'const streamIngestionUrl=require("node:url").pathToFileURL(__filename).href;',
  define: {
    "import.meta.url": "streamIngestionUrl",
    "import.meta.filename": "__filename",
    "import.meta.dirname": "__dirname",
  },
};

/** Defines the variables that CommonJS packages expect, in an ES module. */
const ESM = {
  banner:
    'import{createRequire as streamIngestionRequire}from"node:module";' +
    "const require=streamIngestionRequire(import.meta.url)," +
    "streamIngestionFilename=import.meta.filename,streamIngestionDirname=import.meta.dirname;",
  define: { __filename: "streamIngestionFilename", __dirname: "streamIngestionDirname" },
};

export function processorOptions(path: string, settings: BundleSettings, format: "cjs" | "esm"): BuildOptions {
  const { banner, define, loader, logOverride, mainFields, conditions, externals, ...rest } = settings;
  const globals = format === "cjs" ? CJS : ESM;
  return {
    ...bundleOptions(path),
    ...rest,
    format,
    // Failure objects contain names of error classes, and some libraries use them.
    keepNames: true,
    mainFields: [...mainFields],
    conditions: [...conditions],
    external: [...externals],
    loader: loader as Record<string, Loader>,
    logOverride: logOverride as Record<string, LogLevel>,
    define: { ...globals.define, ...define },
    banner: { js: globals.banner + banner },
    outfile: join(dirname(path), format === "cjs" ? "index.js" : "index.mjs"),
  };
}
