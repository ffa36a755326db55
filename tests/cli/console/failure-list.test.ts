import assert from "node:assert/strict";
import { failureList, MAX_FAILURES } from "../../../cli/console/failure-list";
import type { FailureView } from "../../../cli/console/protocol";

describe("the failures of a console", () => {
  it("are the latest ones, and do not change when more of them are read again", () => {
    const failures = Array.from(
      { length: MAX_FAILURES + 1 },
      (_, n) => ({ id: `f${n}`, stream: "prices/a" }) as FailureView,
    );
    const { list, replace } = failureList();
    assert.deepEqual([...replace("prices", failures)], [["prices/a", MAX_FAILURES + 1]]);
    const before = list.all();
    replace("prices", failures);
    assert.deepEqual(list.all(), before);
    assert.equal(before.length, MAX_FAILURES);
    assert.equal(
      before.some(({ id }) => id === "f0"),
      false,
    );
  });
});
