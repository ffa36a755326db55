import assert from "node:assert/strict";
import { findWords } from "../scripts/prose.mjs";

const words = (file: string, text: string) => findWords(file, text).map(({ found }) => found);

describe("the prose check", () => {
  it("names the line, the words and what to write instead", () => {
    assert.deepEqual(findWords("page.md", "One line.\nThe table bears two readers.\n"), [
      { line: 2, found: "bears", instead: "support, accept, allow" },
    ]);
  });

  for (const sentence of [
    "An API key besides.",
    "The row tells who owns it; the owner was told.",
    "Hops heed the change.",
    "Mend the source.",
    "No alarm rings.",
    "In the midst of a hop.",
    "The hop shall end.",
    "A line that is no JSON.",
    "Consumers that are no Lambda functions.",
    "It has a process of its own.",
    "A value that was asked for.",
    "It goes without a key.",
    "The event lies in the bucket.",
    "A chunk comes in.",
    "A planned hand-over.",
    "The answer is «never».",
  ])
    it(`finds a word in "${sentence}"`, () => assert.ok(words("page.md", sentence).length > 0));

  it("finds a phrase across a line break, in Markdown and in a comment", () => {
    assert.deepEqual(words("page.md", "A process of its\nown."), ["of its own"]);
    assert.deepEqual(words("code.ts", "/**\n * A process of its\n * own.\n */"), ["of its own"]);
    assert.deepEqual(words("code.ts", "// A line that is\n// no JSON.\nx();"), ["is no"]);
  });

  it("accepts plain words that look alike", () => {
    const text = [
      "A bearer token, a string, an ordering, a ring buffer, an amendment, a storyteller.",
      "There is no lock. It is no longer open. The lease is no more than 30 s. If the answer is no, stop.",
      "The key's own block. Events come in groups. See [the page](told/of-its-own.md) and https://example.com/shall.",
      "`tell()` and `the midst` are code; so are tell(), row.tell and tell_all.",
    ].join("\n");
    assert.deepEqual(words("page.md", text), []);
  });

  it("reads comments and strings of code, wherever they stand, and no identifiers", () => {
    const code = [
      "const told = { tell: 1, 'ring': 2 }; // told by the table",
      'throw new Error("The table tells nothing.");',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: code that is read
      "const text = `${told} shall ${besides} end ${midst}`;",
      "function heed(): void {",
      "  bear(mend);",
      "  // nothing rings",
      "}",
      "const pattern = /it shall/;",
    ].join("\n");
    assert.deepEqual(
      findWords("code.ts", code).map(({ line, found }) => `${line} ${found}`),
      ["1 told", "2 tells", "3 shall", "6 rings"],
    );
  });

  it("joins no phrase from two strings", () => {
    assert.deepEqual(words("code.ts", 'const a = ["the thing is", "no good at all"];'), []);
  });
});
