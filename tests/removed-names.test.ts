import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, extname, join } from "node:path";
import ts from "typescript";

const ROOT = join(__dirname, "..");
/** They contain the names as text to look for. */
const EXEMPT = ["scripts/prose.mjs", "tests/prose.test.ts", "tests/removed-names.test.ts"];

/** Unusual words of earlier names. Every idea has a standard term of AWS, Pulumi or stream processing now. */
const REMOVED = [
  "before-lease",
  "broke-at",
  "bury|buried",
  "change-for",
  "fates?",
  "fitting-table",
  "fresh-secret",
  "given",
  "hand-overs?",
  "heeds?|heeded",
  "inbox",
  "intake",
  "judges?|judged",
  "ledgers?",
  "made-by",
  "next-state",
  "park|parks|parked|parking",
  "questioner",
  "realisers?",
  "sealed",
  "tally|tallies",
  "testimony",
  "told",
  "unclaim|unclaimed",
  "watches",
  "while-acquiring|while-holding|while-leaving",
  "witness|witnesses|witnessed",
].map((words) => new RegExp(`(?<![a-z0-9])(?:${words})(?![a-z0-9])`));

describe("removed names", () => {
  it("are in no file name and no identifier", () => {
    const found = filesKnownToGit().flatMap((file) =>
      [basename(file, extname(file)), ...namesIn(file)].filter(isRemoved).map((name) => `${file}: ${name}`),
    );
    assert.deepEqual([...new Set(found)], []);
  });

  for (const [name, removed] of [
    ["brokeAt", true],
    ["handOverCount", true],
    ["WATCHES", true],
    ["alarm-given-up", true],
    ["isJudged", true],
    ["tallying", false],
    ["handover", false],
    ["forgiven", false],
    ["watchesOver", true],
  ] as const)
    it(`${removed ? "include" : "do not include"} ${name}`, () => assert.equal(isRemoved(name), removed));
});

/** Compares the words of a name: `whileHolding`, `while-holding` and `WHILE_HOLDING` are the same. */
function isRemoved(name: string): boolean {
  const words = name
    .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
    .replace(/[^A-Za-z0-9]+/g, "-")
    .toLowerCase();
  return REMOVED.some((pattern) => pattern.test(words));
}

/** Identifiers, and strings of one word: property names, kinds, imported files. */
function namesIn(file: string): string[] {
  if (!/\.[cm]?[jt]s$/.test(file)) return [];
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) || (ts.isStringLiteralLike(node) && !/\s/.test(node.text))) names.push(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(join(ROOT, file), "utf8"), ts.ScriptTarget.Latest, true));
  return names;
}

function filesKnownToGit(): string[] {
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  return execFileSync("git", args, { cwd: ROOT, encoding: "utf8" })
    .split("\0")
    .filter((file) => file !== "" && !EXEMPT.includes(file) && existsSync(join(ROOT, file)));
}
