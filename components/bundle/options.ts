import { dirname, join } from "node:path";
import type { BuildOptions, Loader, LogLevel } from "esbuild";
import { bundleOptions } from "./compile";

/** How a processor is bundled: esbuild's own words. */
export interface BundleSettings {
  /** Absent: CommonJS, and an ES module where the code awaits at its top level. */
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
  /** `node24`. */
  readonly target: string;
}

/** As Node resolves: `import` finds a package's ES modules, `require` its CommonJS. */
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

/** What `import.meta` says of the bundle, in CommonJS. */
const CJS = {
  banner: 'const streamIngestionUrl=require("node:url").pathToFileURL(__filename).href;',
  define: {
    "import.meta.url": "streamIngestionUrl",
    "import.meta.filename": "__filename",
    "import.meta.dirname": "__dirname",
  },
};

/** What CommonJS packages expect to find, in an ES module. */
const ESM = {
  banner:
    'import{createRequire as streamIngestionRequire}from"node:module";' +
    "const require=streamIngestionRequire(import.meta.url)," +
    "streamIngestionFilename=import.meta.filename,streamIngestionDirname=import.meta.dirname;",
  define: { __filename: "streamIngestionFilename", __dirname: "streamIngestionDirname" },
};

export function processorOptions(path: string, settings: BundleSettings, format: "cjs" | "esm"): BuildOptions {
  const { banner, define, loader, logOverride, mainFields, conditions, externals, ...rest } = settings;
  const surroundings = format === "cjs" ? CJS : ESM;
  return {
    ...bundleOptions(path),
    ...rest,
    format,
    // Names of classes are in failure objects, and libraries look at them.
    keepNames: true,
    mainFields: [...mainFields],
    conditions: [...conditions],
    external: [...externals],
    loader: loader as Record<string, Loader>,
    logOverride: logOverride as Record<string, LogLevel>,
    define: { ...surroundings.define, ...define },
    banner: { js: surroundings.banner + banner },
    outfile: join(dirname(path), format === "cjs" ? "index.js" : "index.mjs"),
  };
}
