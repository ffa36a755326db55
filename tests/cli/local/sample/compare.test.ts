import assert from "node:assert/strict";
import { compare, isClean } from "../../../../cli/local/sample/compare";

const [one, two] = [1, 2].map((data) => ({ streamId: "s", data: String(data) })) as [Copy, Copy];
type Copy = { streamId: string; data: string };

describe("compare", () => {
  it("finds no difference when each event was stored and processed once, also when it was sent twice", () => {
    const comparison = compare([one, two, one], [one, two], [two, one]);
    assert.ok(isClean(comparison));
    assert.deepEqual([comparison.sent, comparison.stored, comparison.processed], [2, 2, 2]);
  });

  it("lists lost events", () => {
    assert.deepEqual(compare([one, two], [one], [one]).lost, [two]);
  });

  it("lists events that were stored and not processed", () => {
    assert.deepEqual(compare([one], [one], []).unprocessed, [one]);
  });

  it("lists events that were processed twice", () => {
    assert.deepEqual(compare([one], [one], [one, one]).processedTwice, [one]);
  });

  it("lists a corrupted event as lost and as unexpected", () => {
    const corrupted = { streamId: "s", data: "1?" };
    const { lost, unexpected } = compare([one], [corrupted], [corrupted]);
    assert.deepEqual([lost, unexpected], [[one], [corrupted]]);
  });

  it("lists an event that is stored under two keys", () => {
    assert.deepEqual(compare([one], [one, one], [one]).unexpected, [one]);
  });

  it("distinguishes equal data of two streams", () => {
    const other = { ...one, streamId: "t" };
    assert.deepEqual(compare([one, other], [one], [one]).lost, [other]);
  });
});
