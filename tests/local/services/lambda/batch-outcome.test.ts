import assert from "node:assert/strict";
import { afterFailure, type Batch, reportedFailures } from "../../../../local/services/lambda/mapping/batch-outcome";

const batch = (records: string, attempts = 0): Batch<string> => ({ records: [...records], attempts });
const rules = { bisect: true, maximumRetryAttempts: 2 };

describe("afterFailure", () => {
  it("starts again at the lowest failed record, with fresh attempts", () => {
    assert.deepEqual(afterFailure(batch("abcd", 2), 2, rules), { again: [batch("cd")] });
  });

  it("splits a batch whose invocation failed in two, without counting an attempt", () => {
    assert.deepEqual(afterFailure(batch("abc", 1), undefined, rules), { again: [batch("ab", 1), batch("c", 1)] });
  });

  it("tries the whole batch again where it may not split", () => {
    const kept = afterFailure(batch("ab"), undefined, { ...rules, bisect: false });
    assert.deepEqual(kept, { again: [batch("ab", 1)] });
  });

  it("does not split where the first record is reported: nothing before it is done", () => {
    assert.deepEqual(afterFailure(batch("ab"), 0, rules), { again: [batch("ab", 1)] });
  });

  it("gives up after the last attempt", () => {
    assert.deepEqual(afterFailure(batch("a", 2), undefined, rules), { again: [], givenUp: batch("a", 3) });
  });

  it("never gives up where attempts are unlimited", () => {
    const endless = afterFailure(batch("a", 900), undefined, { ...rules, maximumRetryAttempts: -1 });
    assert.deepEqual(endless, { again: [batch("a", 901)] });
  });
});

describe("reportedFailures", () => {
  const failures = (answer: unknown) => reportedFailures(JSON.stringify(answer), ["1", "2", "3"]);

  for (const answer of [null, {}, { batchItemFailures: [] }, { batchItemFailures: null }]) {
    it(`takes ${JSON.stringify(answer)} as success`, () => assert.deepEqual(failures(answer), []));
  }

  it("finds the records that are named, lowest first", () => {
    assert.deepEqual(failures({ batchItemFailures: [{ itemIdentifier: "3" }, { itemIdentifier: "2" }] }), [1, 2]);
  });

  for (const item of [{ itemIdentifier: "9" }, { itemIdentifier: "" }, { itemIdentifier: null }, {}]) {
    it(`fails the whole batch for ${JSON.stringify(item)}`, () => {
      assert.equal(failures({ batchItemFailures: [item] }), undefined);
    });
  }
});
