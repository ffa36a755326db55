import assert from "node:assert/strict";
import { WriteHealth } from "../../runtime/data/write-health";
import { fakeClock } from "../fakes/fake-clock";

describe("write health", () => {
  it("reports since when events wait without progress", async () => {
    const clock = fakeClock();
    const health = new WriteHealth(clock, {});
    assert.equal(health.snapshot().unstoredSince, undefined);
    const first = clock.now();
    health.waiting();
    await clock.advance(5_000);
    health.waiting();
    assert.equal(health.snapshot().unstoredSince, first);
    await clock.advance(5_000);
    health.settled(true);
    assert.equal(health.snapshot().unstoredSince, clock.now());
    health.settled(false);
    assert.equal(health.snapshot().unstoredSince, undefined);
  });

  it("continues what the previous hop reported, until an event is stored", async () => {
    const clock = fakeClock();
    const before = { unstoredSince: clock.now() - 60_000, throttledSince: clock.now() - 70_000 };
    const health = new WriteHealth(clock, before);
    health.waiting();
    assert.deepEqual(health.snapshot(), before);
    health.settled(false);
    assert.equal(health.snapshot().unstoredSince, undefined);
  });

  it("reports throttling until half a minute after the last throttled write", async () => {
    const clock = fakeClock();
    const health = new WriteHealth(clock, {});
    const first = clock.now();
    assert.equal(health.throttled(), true, "it begins");
    for (let i = 0; i < 4; i++) {
      await clock.advance(20_000);
      assert.equal(health.throttled(), false, "it goes on");
    }
    await clock.advance(29_000);
    assert.equal(health.snapshot().throttledSince, first);
    await clock.advance(1_000);
    assert.equal(health.throttled(), true, "it begins again");
    assert.equal(health.snapshot().throttledSince, first + 4 * 20_000 + 30_000);
    await clock.advance(30_000);
    assert.equal(health.snapshot().throttledSince, undefined);
  });
});
