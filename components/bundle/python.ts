import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Architecture } from "../args";
import { type Assets, type Bundle, toBundle } from "./bundle";
import { cached } from "./cache";
import { checkInstalledSize, run } from "./install";
import { checkFile } from "./processor";

/** The zstd module of Python 3.14 for older versions. */
const ZSTD = "backports.zstd==1.8.0";

interface Target {
  readonly runtime: string;
  readonly architecture: Architecture;
}

/**
 * Bundles a Python processor: its file, the package `stream_ingestion` that decodes items, and packages that pip installs for Lambda.
 *
 * @throws Error with the path that was tried, what is wrong with `handler`, or pip's message
 */
export function bundlePython(entry: string, install: readonly string[], target: Target, copied: Assets): Bundle {
  const path = resolve(entry);
  checkFile(entry, path);
  const source = readFileSync(path);
  const name = basename(path);
  if (!/^[A-Za-z_]\w*\.py$/.test(name) || name === "stream_ingestion.py")
    throw new Error(
      `Expected \`processor.entry\` to have a name that Python can import, such as processor.py, got "${name}".`,
    );
  checkHandler(path, source.toString());
  const files = new Map([[name, source], ...decoderFiles()]);
  const packages = target.runtime === "python3.14" ? install : [ZSTD, ...install];
  return toBundle(files, `${basename(name, ".py")}.handler`, { ...installed(path, packages, target), ...copied });
}

/** The package that users import as `stream_ingestion`. */
function decoderFiles(): [string, Buffer][] {
  const folder = join(__dirname, "..", "..", "python", "stream_ingestion");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".py"))
    .sort()
    .map((name) => [`stream_ingestion/${name}`, readFileSync(join(folder, name))]);
}

/** Searches the text, because a deployment must not run the user's code. */
function checkHandler(path: string, source: string): void {
  if (/^async\s+def\s+handler\s*\(/m.test(source))
    throw new Error(
      `Expected \`handler\` of ${path} to be a plain function, got a coroutine function, which Lambda does not await. Call asyncio.run in a plain function.`,
    );
  if (!/^\s*(def\s+handler\s*\(|handler\s*[:=]|(from\s+\S+\s+)?import\s+(\([^)]*|.*)\bhandler\b)/m.test(source))
    throw new Error(
      `Expected ${path} to define \`handler\`. Example: "@each_event" above "def handler(event, context):".`,
    );
}

function installed(entry: string, packages: readonly string[], { runtime, architecture }: Target): Assets {
  if (packages.length === 0) return {};
  for (const requirement of packages)
    if (!/^[A-Za-z0-9._-]+(\[[A-Za-z0-9._,-]+\])?==[A-Za-z0-9.!+_-]+$/.test(requirement))
      throw new Error(
        `Expected \`processor.install\` to name each Python package with its version, such as requests==2.32.3, got "${requirement}".`,
      );
  const machine = architecture === "x86_64" ? "x86_64" : "aarch64";
  // These runtimes use Amazon Linux 2023 with glibc 2.34. pip needs the older tags in addition.
  const platforms = ["manylinux_2_34", "manylinux_2_28", "manylinux_2_17", "manylinux2014"].flatMap((tag) => [
    "--platform",
    `${tag}_${machine}`,
  ]);
  const version = runtime.replace("python", "");
  const folder = cached(dirname(entry), { machine, version, packages }, (target) =>
    run(
      "python3",
      [
        ...["-m", "pip", "install", "--target", target, "--only-binary=:all:", "--no-compile", "--no-cache-dir"],
        ...["--disable-pip-version-check", "--quiet", "--implementation", "cp", "--python-version", version],
        ...platforms,
        ...packages,
      ],
      target,
    ),
  );
  checkInstalledSize(folder, packages);
  const asset = (name: string) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? new pulumi.asset.FileArchive(path) : new pulumi.asset.FileAsset(path);
  };
  return Object.fromEntries(readdirSync(folder).map((name) => [name, asset(name)]));
}
