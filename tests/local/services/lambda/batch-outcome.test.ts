import assert from "node:assert/strict";
import { afterFailure, type Batch, reportedFailures } from "../../../../local/services/lambda/mapping/batch-outcome";

const batch = (records: string, attempts = 0): Batch<string> => ({ records: [...records], attempts });
const rules = { bisect: true, maximumRetryAttempts: 2 };

describe("afterFailure", () => {
  it("retries from the lowest failed record, with the attempts reset", () => {
    assert.deepEqual(afterFailure(batch("abcd", 2), 2, rules), { retries: [batch("cd")] });
  });

  it("splits a batch in two after a failed invocation, without counting an attempt", () => {
    assert.deepEqual(afterFailure(batch("abc", 1), undefined, rules), { retries: [batch("ab", 1), batch("c", 1)] });
  });

  it("retries the whole batch without bisect", () => {
    const kept = afterFailure(batch("ab"), undefined, { ...rules, bisect: false });
    assert.deepEqual(kept, { retries: [batch("ab", 1)] });
  });

  it("does not split when the first record is reported", () => {
    assert.deepEqual(afterFailure(batch("ab"), 0, rules), { retries: [batch("ab", 1)] });
  });

  it("discards the batch after the last attempt", () => {
    assert.deepEqual(afterFailure(batch("a", 2), undefined, rules), { retries: [], discarded: batch("a", 3) });
  });

  it("never discards with unlimited attempts", () => {
    const endless = afterFailure(batch("a", 900), undefined, { ...rules, maximumRetryAttempts: -1 });
    assert.deepEqual(endless, { retries: [batch("a", 901)] });
  });
});

describe("reportedFailures", () => {
  const failures = (answer: unknown) => reportedFailures(JSON.stringify(answer), ["1", "2", "3"]);

  for (const answer of [null, {}, { batchItemFailures: [] }, { batchItemFailures: null }]) {
    it(`accepts ${JSON.stringify(answer)} as success`, () => assert.deepEqual(failures(answer), []));
  }

  it("finds the reported records, lowest first", () => {
    assert.deepEqual(failures({ batchItemFailures: [{ itemIdentifier: "3" }, { itemIdentifier: "2" }] }), [1, 2]);
  });

  for (const item of [{ itemIdentifier: "9" }, { itemIdentifier: "" }, { itemIdentifier: null }, {}]) {
    it(`fails the whole batch for ${JSON.stringify(item)}`, () => {
      assert.equal(failures({ batchItemFailures: [item] }), undefined);
    });
  }
});
