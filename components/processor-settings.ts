import * as pulumi from "@pulumi/pulumi";
import { Architecture, BundleFormat, type CopyArgs, type ProcessorArgs } from "./args";
import { BUNDLE_DEFAULTS, type BundleSettings } from "./bundle/options";
import { expect, expectThat, integer, memory, oneOf, onlyKeys } from "./expect";
import { isLater } from "./known";
import { idNamed, type Statements, statements } from "./references";

/** The `processor` arguments with defaults, checked. */
export interface ProcessorSettings {
  readonly memorySize: number;
  readonly timeoutSeconds: number;
  readonly batchSize: number;
  readonly parallelizationFactor: number;
  readonly maximumBatchingWindowSeconds: number;
  readonly policyStatements: Statements;
  readonly entry?: string;
  readonly handler: string;
  readonly runtime: string;
  readonly architecture: Architecture;
  readonly bundle: BundleSettings;
  readonly install: readonly string[];
  readonly copy: readonly CopyArgs[];
}

const NODE_RUNTIMES = ["nodejs22.x", "nodejs24.x"];
const PYTHON_RUNTIMES = ["python3.11", "python3.12", "python3.13", "python3.14"];
/** The loaders of esbuild. */
const LOADERS = ["base64", "binary", "copy", "css", "dataurl", "default", "empty", "file", "js", "json", "jsx"];
/** The log levels of esbuild. */
const LEVELS = ["silent", "error", "warning", "info", "debug", "verbose"];
const MORE_LOADERS = ["local-css", "text", "ts", "tsx"];

/** Endings of code that esbuild compiles by itself, or Python's. */
const CODE = /\.([cm]?[jt]s|[jt]sx|py)$/;

export const isPython = (entry: string | undefined) => entry?.endsWith(".py") === true;

/** Checks the `processor` arguments and adds the defaults. @throws Error that names the argument, the value and what is allowed */
export function processorSettings(args: ProcessorArgs): ProcessorSettings {
  const { entry } = args;
  expect(
    entry === undefined || (typeof entry === "string" && CODE.test(entry)),
    "`processor.entry`",
    "the path of a TypeScript, JavaScript or Python file, such as ./processor.ts",
    entry,
  );
  checkKind(args);
  const python = isPython(entry);
  const runtime = args.runtime ?? (python ? "python3.14" : "nodejs24.x");
  if (args.entry !== undefined) {
    const allowed = python ? PYTHON_RUNTIMES : NODE_RUNTIMES;
    expect(allowed.includes(runtime), "`processor.runtime`", `${allowed.join(" | ")} for ${args.entry}`, runtime);
  }
  return {
    memorySize: memory("processor.memorySize", args.memorySize ?? 256),
    timeoutSeconds: integer("processor.timeoutSeconds", args.timeoutSeconds ?? 60, 1, 900),
    batchSize: integer("processor.batchSize", args.batchSize ?? 100, 1, 10_000),
    parallelizationFactor: integer("processor.parallelizationFactor", args.parallelizationFactor ?? 1, 1, 10),
    maximumBatchingWindowSeconds: integer(
      "processor.maximumBatchingWindowSeconds",
      args.maximumBatchingWindowSeconds ?? 0,
      0,
      300,
    ),
    policyStatements: statements("processor.policyStatements", args.policyStatements),
    entry: args.entry,
    handler: args.handler ?? "index.handler",
    runtime,
    architecture: oneOf("processor.architecture", Architecture, args.architecture ?? Architecture.arm64),
    bundle: bundleSettings(args, runtime),
    install: packages(args.install ?? [], python),
    copy: copies(args.copy ?? []),
  };
}

/** Checks which arguments can be used with a file, an archive or an existing function. */
function checkKind(args: ProcessorArgs): void {
  const present = (["entry", "code", "functionArn"] as const).filter((name) => args[name] !== undefined);
  expectThat(
    present.length === 1,
    "`processor` to have one of `entry` (a file), `code` (an archive) and `functionArn` (an existing function)",
    present.map((name) => `\`${name}\``).join(" and ") || "none of them",
  );
  const [kind] = present;
  const only = (names: readonly (keyof ProcessorArgs)[], ...kinds: readonly string[]) => {
    for (const name of names)
      expectThat(
        args[name] === undefined || kinds.includes(kind as string),
        `\`processor.${name}\` only together with ${kinds.map((one) => `\`processor.${one}\``).join(" or ")}`,
        `\`${name}\` with \`${kind}\``,
      );
  };
  const { code } = args;
  // A string or a file would be sent to AWS as it is.
  expect(
    code === undefined || isLater(code) || pulumi.asset.Archive.isInstance(code),
    "`processor.code`",
    'an archive such as new pulumi.asset.FileArchive("./build")',
    code,
  );
  only(["roleName"], "functionArn");
  only(["handler"], "code");
  only(["bundle", "externals", "install", "copy"], "entry");
  only(["runtime", "architecture", "memorySize", "timeoutSeconds", "environment"], "entry", "code");
  idNamed(
    "processor.functionArn",
    "the ARN of a function, such as arn:aws:lambda:eu-west-1:123456789012:function:handle-prices",
    /^arn:[^:]+:lambda:[^:]+:\d{12}:function:[^:]+(:[^:]+)?$/,
    args.functionArn,
  );
  if (isPython(args.entry))
    for (const name of ["bundle", "externals"] as const)
      expectThat(
        args[name] === undefined,
        `\`processor.${name}\` only with a JavaScript or TypeScript entry`,
        `\`${name}\` with "${args.entry}"`,
      );
}

function bundleSettings({ bundle = {}, externals = [] }: ProcessorArgs, runtime: string): BundleSettings {
  const format = bundle.format && oneOf("processor.bundle.format", BundleFormat, bundle.format);
  const { define = {}, alias = {}, logOverride = {}, loader = {} } = bundle;
  for (const [ending, name] of Object.entries(loader)) {
    expect(ending.startsWith("."), "`processor.bundle.loader`", 'endings such as ".sql" and their loaders', ending);
    expect(
      [...LOADERS, ...MORE_LOADERS].includes(name),
      `\`processor.bundle.loader["${ending}"]\``,
      [...LOADERS, ...MORE_LOADERS].join(" | "),
      name,
    );
  }
  for (const [id, level] of Object.entries(logOverride))
    expect(LEVELS.includes(level), `\`processor.bundle.logOverride["${id}"]\``, LEVELS.join(" | "), level);
  return {
    ...(format && { format }),
    loader,
    define,
    alias,
    logOverride,
    banner: bundle.banner ?? BUNDLE_DEFAULTS.banner,
    minify: bundle.minify ?? BUNDLE_DEFAULTS.minify,
    mainFields: texts("processor.bundle.mainFields", bundle.mainFields ?? BUNDLE_DEFAULTS.mainFields),
    conditions: texts("processor.bundle.conditions", bundle.conditions ?? BUNDLE_DEFAULTS.conditions),
    externals: texts("processor.externals", externals),
    target: `node${/\d+/.exec(runtime)?.[0]}`,
  };
}

function texts(argument: string, values: readonly string[]): readonly string[] {
  expect(
    Array.isArray(values) && values.every((value) => typeof value === "string" && value !== ""),
    `\`${argument}\``,
    "a list of non-empty strings",
    values,
  );
  return values;
}

/** The versions of packages for Node.js are those of the project. */
function packages(names: readonly string[], python: boolean): readonly string[] {
  for (const name of texts("processor.install", names))
    expect(
      python || /^(@[^/@\s]+\/)?[^/@\s]+$/.test(name),
      "`processor.install`",
      "names of packages without a version, because the versions are those of the project's lockfile",
      name,
    );
  return names;
}

const COPY_EXAMPLE = '{ from: "./data" }';

function copies(all: readonly CopyArgs[]): readonly CopyArgs[] {
  expect(Array.isArray(all), "`processor.copy`", `a list such as [${COPY_EXAMPLE}]`, all);
  return all.map(checkCopy);
}

function checkCopy(copy: CopyArgs, index: number): CopyArgs {
  onlyKeys(`processor.copy[${index}]`, copy, ["from", "to"], COPY_EXAMPLE);
  const { from, to } = copy;
  const argument = `\`processor.copy[${index}]`;
  expect(
    typeof from === "string" && from !== "",
    `${argument}.from\``,
    "a path relative to the program's folder",
    from,
  );
  expect(
    to === undefined ||
      (typeof to === "string" && !["", ".", "./"].includes(to) && !to.startsWith("/") && !to.split("/").includes("..")),
    `${argument}.to\``,
    "a path inside the function's folder",
    to,
  );
  return copy;
}
