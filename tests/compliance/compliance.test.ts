import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { evaluateRules, FILE, page, type RuleResult } from "./table";

describe("the compliance table", () => {
  let results: readonly RuleResult[];
  before(async () => {
    results = await evaluateRules();
  });

  it("names for each rule what makes it hold: the default, an argument, a transform, or a resource next to it", () => {
    for (const { rule, byDefault, byArgument, byTransform } of results) {
      const expected = {
        byDefault: ![rule.argument, rule.transform, rule.outside].some(Boolean),
        byArgument: rule.argument !== undefined,
        byTransform: rule.transform !== undefined,
      };
      const seen = byDefault
        ? { byDefault, byArgument: false, byTransform: false }
        : { byDefault, byArgument, byTransform };
      assert.deepEqual(seen, expected, rule.control);
    }
  });

  it("holds under every argument what holds by default", () => {
    for (const { rule, byDefault, byArgument, byTransform } of results)
      if (byDefault) assert.ok(byArgument && byTransform, rule.control);
  });

  it("is what docs/compliance.md says", () => {
    assert.equal(readFileSync(FILE, "utf8"), page(results), "Run npm run compliance.");
  });
});
