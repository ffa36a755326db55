import { readFileSync } from "node:fs";
import { join } from "node:path";

const PACKAGE = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)[\\/]/;

/**
 * Of the files that a program loaded, those of Pulumi's SDK and of the packages that need it: SDKs of providers, and components. They
 * only define classes. Another package may do something when it is loaded, such as reading the program's settings.
 */
export function pulumiModules(loaded: readonly string[]): string[] {
  const known = new Map<string, boolean>();
  return loaded.filter((file) => {
    const folder = PACKAGE.exec(file)?.[1];
    if (folder === undefined) return false;
    const isPulumi = known.get(folder) ?? needsPulumi(folder);
    known.set(folder, isPulumi);
    return isPulumi;
  });
}

function needsPulumi(folder: string): boolean {
  try {
    const { name, dependencies, peerDependencies } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    return name === "@pulumi/pulumi" || "@pulumi/pulumi" in { ...dependencies, ...peerDependencies };
  } catch {
    return false;
  }
}
