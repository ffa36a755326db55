import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../package/packages";

const README = readFileSync(join(ROOT, "README.md"), "utf8");

/** The shell commands of a section of the README, one per line, without their comments. */
export function commandsOf(heading: string): readonly string[] {
  const [, section = ""] = README.split(`## ${heading}\n`);
  const [, block] = /```sh\n([\s\S]*?)```/.exec(section) ?? [];
  if (block === undefined) throw new Error(`Expected README.md to have a section "${heading}" with commands.`);
  return block
    .split("\n")
    .map((line) => line.replace(/ +#.*$/, ""))
    .filter((line) => line !== "");
}

/** The README's files of a project, by name: `// index.ts` or `# Pulumi.yaml` in their first line. */
export function readmeFiles(): readonly (readonly [name: string, content: string])[] {
  const blocks = README.matchAll(/```(?:ts|yaml)\n((?:\/\/|#) (\S+\.(?:ts|yaml))\n[\s\S]*?)```/g);
  return [...blocks].map(([, content = "", name = ""]) => [name, content]);
}
