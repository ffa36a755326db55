import assert from "node:assert/strict";
import fc from "fast-check";
import { timingFor } from "../../runtime/control/hop/timing";

describe("hop timing", () => {
  it("has the documented times at 900 s", () => {
    assert.deepEqual(timingFor(900_000), {
      leadMs: 60_000,
      reinvokeMs: [40_000, 20_000],
      stopReadingMs: 15_000,
      releaseMs: 3_000,
      claimMs: 20_000,
      subscribeGraceMs: 10_000,
      watchdogMs: 120_000,
      lingerMs: 2_000,
      renewMs: 10_000,
      renewHandingOverMs: 1_000,
      leaseMs: 30_000,
      leaseMarginMs: 3_000,
      sharedLeaseMs: 300_000,
      quietRenewMs: 120_000,
      shortestHopMs: 60_000,
      spreadMs: 30_000,
      phaseMs: 120_000,
      watchMs: 50,
      requestMs: 3_000,
      retryMs: 1_000,
    });
  });

  it("has a lead of 2 s, renew of 0.2 s, lease of 1 s and shortest hop of 1 s at 5 s", () => {
    const { leadMs, renewMs, leaseMs, shortestHopMs } = timingFor(5_000);
    assert.deepEqual([leadMs, renewMs, leaseMs, shortestHopMs], [2_000, 200, 1_000, 1_000]);
  });

  it("keeps the order of the times for any time left", () => {
    fc.assert(
      fc.property(fc.integer({ min: 500, max: 900_000 }), (remainingMs) => {
        const t = timingFor(remainingMs);
        const [again, once] = t.reinvokeMs as [number, number];
        const falling = [remainingMs, t.leadMs, again, once, t.stopReadingMs, t.releaseMs, 0];
        for (let i = 1; i < falling.length; i++) assert.ok(falling[i - 1]! > falling[i]!, `${falling}`);
        assert.ok(t.renewMs + t.requestMs + t.leaseMarginMs < t.leaseMs, "the lease outlasts one failed renew");
        assert.ok(t.renewHandingOverMs <= t.renewMs && t.retryMs <= t.renewMs);
        assert.ok(t.shortestHopMs >= t.leaseMs, "a superseded owner has stopped before its successor hands over");
        assert.ok(t.subscribeGraceMs < t.claimMs && t.claimMs < t.leadMs);
      }),
    );
  });
});
