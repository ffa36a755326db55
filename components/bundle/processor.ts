import { isUtf8 } from "node:buffer";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Metafile } from "esbuild";
import { adviceFor, isHarmful, refusal } from "./advice";
import { type Assets, type Bundle, type CodeFiles, toBundle } from "./bundle";
import { cached } from "./cache";
import { type Compiled, CompileError, compile, lines, type Replacements } from "./compile";
import { withPlainRequires } from "./created-requires";
import { withDecoratorMetadata } from "./decorator-metadata";
import { findExport } from "./handler-export";
import { BUNDLE_DEFAULTS, type BundleSettings, processorOptions } from "./options";
import { missingOwnFiles } from "./own-files";

/**
 * Bundles the user's processor with its dependencies, using the project's tsconfig.json.
 *
 * @param entry - path relative to the program's folder, or absolute
 * @param warn - receives warnings: of esbuild about code that works the same in a bundle, and about files that it does not contain
 * @param assets - files and folders that are added to the archive unchanged
 * @throws Error with the path that was tried, esbuild's message with file and line, or what is wrong with the export
 */
export function bundleProcessor(
  entry: string,
  settings: BundleSettings = BUNDLE_DEFAULTS,
  warn: (message: string) => void = () => {},
  assets: Assets = {},
): Bundle {
  const path = resolve(entry);
  checkFile(entry, path);
  const { files, metafile, warnings } = compileProcessor(path, settings);
  const [harmful, harmless] = [warnings.filter(isHarmful), warnings.filter((warning) => !isHarmful(warning))];
  if (harmful.length > 0) throw new Error(refusal(path, harmful));
  if (harmless.length > 0) warn(`${path}:\n${lines(harmless)}`);
  for (const sentence of missingOwnFiles(metafile, dirname(path), Object.keys(assets))) warn(sentence);
  checkHandler(path, metafile);
  const [text, binary] = [new Map(files), new Map<string, Buffer>()];
  for (const [name, bytes] of files) if (!isUtf8(bytes) && text.delete(name)) binary.set(name, bytes);
  return toBundle(text, "index.handler", { ...assets, ...binaryAssets(path, binary) });
}

/** @throws Error with the path that was tried */
export function checkFile(entry: string, path: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return;
  const is = found ? "is not a file" : "does not exist";
  throw new Error(`Expected \`processor.entry\` to be a file, but "${entry}" ${is}. Tried ${path}.`);
}

/** Files from the loaders `copy` and `file`, as file assets: a text asset would change their bytes. */
function binaryAssets(path: string, files: CodeFiles): Assets {
  if (files.size === 0) return {};
  const folder = cached(
    dirname(path),
    [...files].map(([name, bytes]) => [name, bytes.toString("base64")]),
    (target) => {
      for (const [name, bytes] of files) writeFileSync(join(target, name), bytes);
    },
  );
  return Object.fromEntries([...files.keys()].map((name) => [name, new pulumi.asset.FileAsset(join(folder, name))]));
}

function compileProcessor(path: string, settings: BundleSettings): Compiled {
  try {
    const formats = settings.format ? [settings.format] : (["cjs", "esm"] as const);
    return compileAs(path, settings, formats);
  } catch (error) {
    if (!(error instanceof CompileError)) throw error;
    const advice = adviceFor(error.errors);
    throw advice === "" ? error : new Error(`${error.message}\n${advice}`);
  }
}

function compileAs(path: string, settings: BundleSettings, [format, ...others]: readonly ("cjs" | "esm")[]): Compiled {
  const options = processorOptions(path, settings, format as "cjs" | "esm");
  try {
    const compiled = compile(options);
    const replacements = replacementsFor(compiled.metafile, dirname(path));
    return Object.keys(replacements).length === 0 ? compiled : compile(options, replacements);
  } catch (error) {
    const awaits = error instanceof CompileError && error.errors.some(({ text }) => TOP_LEVEL_AWAIT.test(text));
    if (!awaits || others.length === 0) throw error;
    return compileAs(path, settings, others);
  }
}

const TOP_LEVEL_AWAIT = /^Top-level await is currently not supported with the "cjs" output format/;

/** Replacements for sources that esbuild would bundle differently from how Node runs them. */
function replacementsFor({ inputs }: Metafile, folder: string): Replacements {
  const replacements: Record<string, { contents: string; loader: "js" | "ts" }> = {};
  for (const input of Object.keys(inputs)) {
    const path = resolve(folder, input);
    if (!/\.[mc]?[jt]s$/.test(path) || !existsSync(path)) continue;
    const source = readFileSync(path, "utf8");
    const withMetadata = /[\\/]node_modules[\\/]/.test(path) ? undefined : withDecoratorMetadata(path, source);
    const contents = withPlainRequires(withMetadata ?? source) ?? withMetadata;
    const isTypeScript = withMetadata === undefined && /ts$/.test(path);
    if (contents !== undefined) replacements[path] = { contents, loader: isTypeScript ? "ts" : "js" };
  }
  return replacements;
}

const EXAMPLE = "`export const handler = eachEvent(async (event) => { … })`";

function checkHandler(path: string, metafile: Metafile): void {
  const found = findExport("handler", basename(path), dirname(path), metafile);
  if (found.kind === "missing") throw new Error(`Expected ${path} to export \`handler\`. Example: ${EXAMPLE}.`);
  if (found.kind === "value")
    throw new Error(`Expected \`handler\` of ${path} to be a function, got ${found.is}. Write ${EXAMPLE}.`);
  if (found.kind === "function" && found.parameters > 2)
    throw new Error(
      `Expected \`handler\` of ${path} to take an event and a context, got ${found.parameters} parameters. ` +
        `Lambda no longer supports callbacks. Return a promise, or write ${EXAMPLE}.`,
    );
}
