import assert from "node:assert/strict";
import { compare, isClean } from "../../../../cli/local/sample/compare";

const [one, two] = [1, 2].map((data) => ({ streamId: "s", data: String(data) })) as [Copy, Copy];
type Copy = { streamId: string; data: string };

describe("compare", () => {
  it("finds nothing where each event was stored and processed once, however often it was sent", () => {
    const comparison = compare([one, two, one], [one, two], [two, one]);
    assert.ok(isClean(comparison));
    assert.deepEqual([comparison.sent, comparison.stored, comparison.processed], [2, 2, 2]);
  });

  it("names what was lost", () => {
    assert.deepEqual(compare([one, two], [one], [one]).lost, [two]);
  });

  it("names what was stored and not processed", () => {
    assert.deepEqual(compare([one], [one], []).unprocessed, [one]);
  });

  it("names what was processed twice", () => {
    assert.deepEqual(compare([one], [one], [one, one]).doubled, [one]);
  });

  it("names a mangled event as lost and as foreign", () => {
    const mangled = { streamId: "s", data: "1?" };
    const { lost, foreign } = compare([one], [mangled], [mangled]);
    assert.deepEqual([lost, foreign], [[one], [mangled]]);
  });

  it("names an event that is stored under two keys", () => {
    assert.deepEqual(compare([one], [one, one], [one]).foreign, [one]);
  });

  it("tells equal data of two streams apart", () => {
    const other = { ...one, streamId: "t" };
    assert.deepEqual(compare([one, other], [one], [one]).lost, [other]);
  });
});
