import { existsSync, statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { CopyArgs } from "../args";
import type { Assets } from "./bundle";

/**
 * Files and folders to add to the archive, at the same place relative to the bundle as to the source.
 *
 * @throws Error for a path that does not exist, or that is outside the entry's folder and has no `to`
 */
export function copiedFiles(entry: string, copies: readonly CopyArgs[]): Assets {
  const assets: Assets = {};
  for (const [index, { from, to }] of copies.entries()) {
    const path = resolve(from);
    const what = `\`processor.copy[${index}]`;
    if (!existsSync(path)) throw new Error(`Expected ${what}.from\` to exist, but "${from}" does not. Tried ${path}.`);
    const target = (to ?? relative(dirname(resolve(entry)), path)).replaceAll("\\", "/").replace(/^\.\/|\/$/g, "");
    if (target === "" || target.startsWith(".."))
      throw new Error(
        `Expected ${what}.to\` to be set, because "${from}" is not inside the folder of ${entry}. Example: { from: "${from}", to: "data" }.`,
      );
    if (target in assets)
      throw new Error(`Expected ${what}.to\` to be another path than that of an earlier copy, got "${target}" again.`);
    assets[target] = statSync(path).isDirectory()
      ? new pulumi.asset.FileArchive(path)
      : new pulumi.asset.FileAsset(path);
  }
  return assets;
}
