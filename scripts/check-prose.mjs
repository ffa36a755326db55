// `npm run lint`: fails at words that plain English avoids, with file, line and replacement. Takes file names; without any it
// checks the files that git knows: Markdown, YAML, and the comments and strings of code.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { findWords } from "./prose.mjs";

const CHECKED = /\.(?:md|ya?ml|[cm]?[jt]sx?)$/;
/** These files contain the words. */
const EXEMPT = ["scripts/prose.mjs", "tests/prose.test.ts"];

const root = join(import.meta.dirname, "..");
const named = process.argv.slice(2);
const files = named.length > 0 ? named : knownToGit();

let count = 0;
for (const file of files)
  for (const { line, found, instead } of findWords(file, readFileSync(join(root, file), "utf8"))) {
    console.error(`${file}:${line}: "${found}". Write instead: ${instead}.`);
    count += 1;
  }
if (count > 0) process.exitCode = 1;
console.log(`Prose: ${files.length} files, ${count} words to replace.`);

function knownToGit() {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  return execFileSync("git", args, { cwd: root, encoding: "utf8" })
    .split("\0")
    .filter((file) => CHECKED.test(file) && !EXEMPT.includes(file) && existsSync(join(root, file)));
}
