import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../package/packages";

/** The shell commands of a section of a page, one per line, without their comments. */
export function commandsOf(page: string, heading: string): readonly string[] {
  const [, section = ""] = readFileSync(join(ROOT, page), "utf8").split(`## ${heading}\n`);
  const [, block] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  if (block === undefined) throw new Error(`Expected ${page} to have a section "${heading}" with commands.`);
  return block
    .split("\n")
    .map((line) => line.replace(/ +#.*$/, ""))
    .filter((line) => line !== "");
}

/** The packages that *Start* installs next to ours. */
export function otherPackages(): readonly string[] {
  const install = commandsOf("docs/start.md", "A project").find((line) => line.startsWith("npm install pulumi-"));
  const [, packages] = /npm install pulumi-stream-ingestion (.*)/.exec(install ?? "") ?? [];
  if (packages === undefined)
    throw new Error("Expected docs/start.md to install pulumi-stream-ingestion and other packages.");
  return packages.split(" ");
}
