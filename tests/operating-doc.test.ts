import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import ts from "typescript";
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

/** The codes with which commands end: those of `CliError`, of explained errors of AWS, and of events that a processor returned. */
function codesOfTheCommandLine(): Set<string> {
  // The console's server also answers its own page, which shows the message.
  const answersPage = (file: string) => file.startsWith("cli/console/");
  const files = globSync("cli/**/*.ts", { cwd: ROOT, exclude: (path) => /(^|\/)(dist|node_modules)$/.test(path) });
  const codes = new Set<string>();
  for (const file of files) {
    const text = readFileSync(join(ROOT, file), "utf8");
    for (const [, member, explained] of text.matchAll(/\bcode: "([A-Z_]+)"|\/,\s+"([A-Z_]+)",/g))
      if (!answersPage(file)) codes.add(member ?? explained ?? "");
    const visit = (node: ts.Node): void => {
      if (ts.isNewExpression(node) && node.expression.getText() === "CliError")
        for (const [, code = ""] of node.arguments![1]!.getText().matchAll(/"([A-Z_]+)"/g)) codes.add(code);
      ts.forEachChild(node, visit);
    };
    visit(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true));
  }
  return codes;
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

  it("explains every code of the command line, and no other", () => {
    const rows = section("Error codes of the command line")
      .split("\n")
      .filter((line) => line.startsWith("| `"));
    const codesIn = (row: string) => [...row.split("|")[1]!.matchAll(/`([A-Z_]+)`/g)].map(([, code]) => code!);
    const codes = codesOfTheCommandLine();
    assert.ok(codes.size > 20);
    assert.deepEqual(rows.flatMap(codesIn).sort(), [...codes].filter((code) => !codesOfTheRuntime().has(code)).sort());
    for (const row of rows) {
      const cells = row.split(" | ").filter((cell) => cell.replaceAll("|", "").trim() !== "");
      assert.equal(cells.length, 4, `Expected code, cause, look and fix: ${row}`);
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
