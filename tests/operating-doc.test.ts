import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { API_ERRORS } from "../runtime/control/api/request";
import { parseSecret } from "../runtime/data/source/parse-secret";

const ROOT = resolve(__dirname, "..");
const DOC = readFileSync(join(ROOT, "docs/operating.md"), "utf8");
const section = (title: string) => DOC.split(`## ${title}\n`)[1]!.split("\n## ")[0]!;

/** The codes that the runtime's sources contain: the error class's, those of the API, and those in logs and rows. */
function codesOfTheRuntime(): Set<string> {
  const sources = globSync("runtime/**/*.ts", { cwd: ROOT }).map((file) => readFileSync(join(ROOT, file), "utf8"));
  const literals = sources.flatMap((text) =>
    [...text.matchAll(/\bcode: "([A-Z_]+)"|new StreamError\(\s*"([A-Z_]+)"|\| "([A-Z]+(?:_[A-Z]+)+)"/g)].map(
      ([, literal, thrown, member]) => literal ?? thrown ?? member ?? "",
    ),
  );
  return new Set([...literals, ...API_ERRORS]);
}

describe("docs/operating.md", () => {
  it("explains every error code, and no other: cause, how to look, how to fix", () => {
    const rows = section("Error codes")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    const documented = rows.flatMap((row) => [...row.split("|")[1]!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code!));
    const codes = codesOfTheRuntime();
    assert.ok(codes.size > 20);
    assert.deepEqual(documented.sort(), [...codes].sort());
    for (const row of rows) {
      const cells = row.split(" | ").filter((cell) => cell.replaceAll("|", "").trim() !== "");
      assert.equal(cells.length, 5, `Expected where, cause, look and fix: ${row}`);
    }
  });

  it("shows a secret of the source with every member", () => {
    const [, json = ""] = /```json\n(.*?)```/s.exec(section("The secret of the source"))!;
    const members = Object.keys(parseSecret(json)).sort();
    const contract = readFileSync(join(ROOT, "runtime/contract.ts"), "utf8");
    const shape = /export interface SourceSecret \{(.*?)\n\}/s.exec(contract)![1]!;
    const declared = [...shape.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name!);
    assert.deepEqual(members, declared.sort());
  });
});
