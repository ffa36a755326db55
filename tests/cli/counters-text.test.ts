import assert from "node:assert/strict";
import { notStoredText, otherCounters, storedText } from "../../cli/counters-text";
import { type Counters, ZERO_COUNTERS } from "../../runtime/contract";

describe("the text of a stream's counters", () => {
  it("names every counter", () => {
    const names = Object.keys(ZERO_COUNTERS);
    const counters = Object.fromEntries(names.map((name) => [name, 1])) as unknown as Counters;
    const text = [storedText(counters), notStoredText(counters), otherCounters(counters)].join();
    for (const name of names.filter((name) => name !== "received" && name !== "stored"))
      assert.match(text, new RegExp(`\\b1 ${name}\\b`));
  });
});
