import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { evaluateChecks, type Observation } from "../../cli/verify/checks";
import { PROVED_BY } from "../../cli/verify/proved";
import { ZERO_COUNTERS } from "../../runtime/contract";
import { BEHAVIOURS } from "./behaviours";
import { FILE, page } from "./page";

const read = (...path: string[]) => readFileSync(join(__dirname, "..", ...path), "utf8");
const escaped = (text: string) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
const behaviours = Object.values(BEHAVIOURS).flat();

describe("the table of AWS's behaviours", () => {
  it("has a check in every row", () => {
    for (const { behaviour, checks } of behaviours) assert.ok(checks.length > 0, behaviour);
  });

  it("has each behaviour once", () => {
    const names = behaviours.map(({ behaviour }) => behaviour);
    assert.equal(new Set(names).size, names.length);
  });

  it("names tests that exist", () => {
    for (const { file, test } of behaviours.flatMap(({ checks }) => checks))
      assert.match(read(file), new RegExp(`^ *it\\("${escaped(test)}"`, "m"), `${file} has no test "${test}".`);
  });

  it("names checks of verify that exist", () => {
    const nothing: Observation = {
      unsignedStatus: 403,
      items: [],
      generations: { first: 1, last: 1 },
      handover: undefined,
      counted: ZERO_COUNTERS,
      handovers: 0,
      newChains: false,
      onlyStream: true,
      processing: undefined,
      alarms: undefined,
      stopped: true,
    };
    const checks = evaluateChecks(nothing).map(({ what }) => what);
    for (const name of Object.values(PROVED_BY).flat())
      assert.ok(checks.includes(name), `verify has no check "${name}".`);
    const names = behaviours.map(({ behaviour }) => behaviour);
    for (const behaviour of Object.keys(PROVED_BY)) assert.ok(names.includes(behaviour), behaviour);
  });

  it("is what docs/aws-behaviours.md says", () => {
    assert.equal(readFileSync(FILE, "utf8"), page(), "Run npm run behaviours.");
  });
});
