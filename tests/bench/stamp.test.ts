import assert from "node:assert/strict";
import { stamp, stamped } from "../../bench/stamp";

describe("the figures in the documentation", () => {
  it("are those of the newest results", () => {
    for (const { page, before, after } of stamped())
      assert.equal(before, after, `${page} is out of date: run \`npm run bench:stamp\``);
  });

  it("replace only the text between the markers", () => {
    const text = "head\n<!-- bench:start -->\nold\nfigures\n<!-- bench:end -->\ntail\n";
    const expected = "head\n<!-- bench:start -->\nnew\n<!-- bench:end -->\ntail\n";
    assert.equal(stamp(text, "\nnew\n\n"), expected);
    assert.equal(stamp(expected, "new"), expected);
  });

  it("fail for a page without markers", () => {
    assert.throws(() => stamp("no markers", "new"), /Expected <!-- bench:start --> and <!-- bench:end -->/);
  });
});
