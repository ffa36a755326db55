import assert from "node:assert/strict";
import { join, relative } from "node:path";
import { flattenDiagnosticMessageText } from "typescript";
import { declareEach } from "../../scripts/declarations.mjs";

const ROOT = join(__dirname, "../..");

describe("the published declarations", () => {
  const { declarations, problems } = declareEach([join(ROOT, "components/index.ts")]);

  it("need no types but those that the code states", () => {
    const messages = problems.map(
      ({ file, messageText }) =>
        `${relative(ROOT, file?.fileName ?? "")}: ${flattenDiagnosticMessageText(messageText, " ")}`,
    );
    assert.deepEqual(messages, []);
  });

  it("of the component name no type of the run time", () => {
    const files = [...declarations.keys()].map((file) => relative(ROOT, file));
    assert.ok(files.length > 1);
    assert.deepEqual(
      files.filter((file) => !file.startsWith("components")),
      [],
    );
  });
});
