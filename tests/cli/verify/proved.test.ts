import assert from "node:assert/strict";
import type { Check } from "../../../cli/verify/check";
import { PROVED_BY, proofOf } from "../../../cli/verify/proved";

const check = (what: string, result: Check["result"]): Check => ({ what, result, detail: "pass --option" });
const names = [...new Set(Object.values(PROVED_BY).flat())];

describe("proofOf", () => {
  it("returns every behaviour as proved when all checks passed", () => {
    const { proved, notProved } = proofOf(names.map((what) => check(what, "passed")));
    assert.deepEqual([proved, notProved], [Object.keys(PROVED_BY), []]);
  });

  it("returns a behaviour with a check that failed or was not seen as not proved, with that check", () => {
    for (const result of ["failed", "not checked"] as const) {
      const checks = names.map((what) => check(what, what === "nothing is stored twice" ? result : "passed"));
      const { proved, notProved } = proofOf(checks);
      const behaviour = "BatchWriteItem stores up to 25 items, and replaces those with an existing key";
      assert.deepEqual(notProved, [{ behaviour, because: [check("nothing is stored twice", result)] }]);
      assert.equal(proved.length, Object.keys(PROVED_BY).length - 1);
    }
  });

  it("returns every behaviour as not proved without checks", () => {
    const { proved, notProved } = proofOf([]);
    assert.deepEqual([proved.length, notProved.length], [0, Object.keys(PROVED_BY).length]);
  });
});
