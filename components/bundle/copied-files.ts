import { existsSync, statSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { CopyArgs } from "../args";
import type { Assets } from "./bundle";

/**
 * Files and folders beside the bundle, where the code finds them as it did beside its source.
 *
 * @throws Error for what does not exist, or lies outside of the entry's folder without saying where it goes
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
        `Expected ${what}.to\` to say where "${from}" goes: it is not inside the folder of ${entry}. Set it, as in { from: "${from}", to: "data" }.`,
      );
    assets[target] = statSync(path).isDirectory()
      ? new pulumi.asset.FileArchive(path)
      : new pulumi.asset.FileAsset(path);
  }
  return assets;
}
