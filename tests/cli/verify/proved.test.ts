import assert from "node:assert/strict";
import type { Check } from "../../../cli/verify/checks";
import { PROVED_BY, provedBy } from "../../../cli/verify/proved";

const check = (what: string, result: Check["result"]): Check => ({ what, result, detail: "" });
const names = [...new Set(Object.values(PROVED_BY).flat())];

describe("provedBy", () => {
  it("returns every behaviour when all checks passed", () => {
    assert.deepEqual(provedBy(names.map((what) => check(what, "passed"))), Object.keys(PROVED_BY));
  });

  it("leaves out a behaviour with a check that failed or was not seen", () => {
    for (const result of ["failed", "not checked"] as const) {
      const checks = names.map((what) => check(what, what === "nothing is stored twice" ? result : "passed"));
      const missing = Object.keys(PROVED_BY).filter((behaviour) => !provedBy(checks).includes(behaviour));
      assert.deepEqual(missing, ["BatchWriteItem stores 25 items and returns those that it did not process"]);
    }
  });

  it("returns none without checks", () => assert.deepEqual(provedBy([]), []));
});
