import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { withSnippets } from "../scripts/snippets.mjs";

const ROOT = resolve(__dirname, "..");
const PAGES = globSync(["*.md", "docs/*.md", "docs/recipes/**/*.md", "examples/*/*.md", "cli/*.md", "local/*.md"], {
  cwd: ROOT,
});
/** Files that the compiler checks, or that a test of a language runs. */
const COMPILED = /^(examples|docs\/recipes|tests|components|runtime|local)\//;
const read = (page: string) => readFileSync(join(ROOT, page), "utf8");

describe("the code in the documentation", () => {
  it("is that of the file that each block names", () => {
    let snippets = 0;
    for (const page of PAGES) {
      const text = read(page);
      snippets += text.split("<!-- file: ").length - 1;
      assert.equal(
        withSnippets(text, ROOT),
        text,
        `Run \`npm run snippets\`: ${page} shows code that its file does not have.`,
      );
    }
    assert.ok(snippets > 5);
  });

  it("has a file, of a folder that is compiled and tested, for every block of a program", () => {
    for (const page of PAGES)
      for (const [, before = "", language = ""] of read(page).matchAll(/^(.*)\n```(ts|js|python|yaml)$/gm)) {
        const [, path = ""] = /^<!-- file: ([^#\s]+)/.exec(before) ?? [];
        assert.match(path, COMPILED, `${page}: a block of ${language} names no file`);
      }
  });

  it("finds a region, without its indentation", () => {
    const text = "<!-- file: tests/snippets.test.ts#sample -->\n```ts\nold\n```";
    assert.equal(withSnippets(text, ROOT), text.replace("old", "const sample = 1;"));
    // #region sample
    const sample = 1;
    // #endregion
    assert.equal(sample, 1);
    assert.throws(() => withSnippets(text.replace("#sample", "#other"), ROOT), /to have a region "other"/);
  });
});
