import assert from "node:assert/strict";
import { startDeadline } from "../../runtime/processor/deadline";
import { fakeClock } from "../fakes/fake-clock";

describe("startDeadline", () => {
  for (const [remainingMs, abortMs, overMs] of [
    [900_000, 895_000, 897_500],
    [60_000, 55_000, 57_500],
    [30_000, 27_000, 28_500],
    [3_000, 2_000, 2_500],
    [1_000, 500, 750],
  ] as const)
    it(`aborts after ${abortMs} ms and ends the wait for handlers after ${overMs} ms of ${remainingMs} ms`, async () => {
      const clock = fakeClock();
      const deadline = startDeadline(remainingMs, clock);
      let over = false;
      void deadline.graceOver.then(() => {
        over = true;
      });
      await clock.advance(abortMs - 1);
      assert.equal(deadline.signal.aborted, false);
      await clock.advance(1);
      assert.equal(deadline.signal.aborted, true);
      await clock.advance(overMs - abortMs - 1);
      assert.equal(over, false);
      await clock.advance(1);
      assert.equal(over, true);
      assert.equal(deadline.usableMs, abortMs);
    });

  it("never aborts once it is cleared", async () => {
    const clock = fakeClock();
    const deadline = startDeadline(1_000, clock);
    deadline.clear();
    await clock.advance(10_000);
    assert.equal(deadline.signal.aborted, false);
  });

  it("is over after code that never waits, although no timer has run", () => {
    let busyMs = 0;
    const clock = fakeClock();
    const deadline = startDeadline(60_000, { ...clock, now: () => clock.now() + busyMs });
    busyMs = 54_999;
    assert.equal(deadline.isOver(), false);
    busyMs = 55_000;
    assert.equal(deadline.isOver(), true);
    assert.equal(deadline.signal.aborted, true);
  });
});
