import assert from "node:assert/strict";
import type { StreamView } from "../../../cli/local/connection-api";
import type { StackEvent } from "../../../cli/local/stack-event";
import { count, countedInRun, NO_TOTALS, type RunTotals, sumCounters } from "../../../cli/local/totals";
import { type Counters, unaccounted, ZERO_COUNTERS } from "../../../runtime/contract";

const counted = (...events: StackEvent[]): RunTotals => events.reduce(count, NO_TOTALS);
const of = { at: 0, streamId: "s", key: "k" };

describe("totals", () => {
  it("counts each kind of event", () => {
    const totals = counted(
      { kind: "stored", ...of },
      { kind: "overwritten", ...of },
      { kind: "failure-stored", ...of },
      { kind: "processed", ...of },
      { kind: "processed", ...of },
      { kind: "delivery-failed", ...of },
      { kind: "lost", ...of },
      { kind: "hop", at: 0, functionName: "m" },
      { kind: "hop-late", at: 0, functionName: "m" },
      { kind: "log", at: 0, functionName: "m", line: "" },
    );
    assert.deepEqual(totals, {
      stored: 1,
      overwritten: 1,
      processed: 2,
      failuresStored: 1,
      lost: 1,
      failedDeliveries: 1,
      hops: 1,
      lateHops: 1,
      handovers: 0,
    });
  });

  it("keeps the longest gap, also when all handovers overlapped", () => {
    const handover = (gapMs?: number): StackEvent => ({
      kind: "handover",
      at: 0,
      streamId: "s",
      mode: "overlap",
      gapMs,
    });
    assert.equal(counted(handover(-40), handover(-5), handover()).maxGapMs, -5);
    assert.equal(counted(handover(-40), handover(12)).maxGapMs, 12);
    assert.equal(counted(handover()).maxGapMs, undefined);
  });

  it("adds the streams' counters", () => {
    const stream = (counters: Partial<StreamView["counters"]>) =>
      ({ counters: { ...ZERO_COUNTERS, ...counters } }) as StreamView;
    const streams = [stream({ received: 5, suppressed: 2, reconnects: 1 }), stream({ received: 7, repeated: 1 })];
    assert.deepEqual(sumCounters(streams), {
      ...ZERO_COUNTERS,
      received: 12,
      suppressed: 2,
      repeated: 1,
      reconnects: 1,
    });
  });

  const stream = (streamId: string, counters: Partial<Counters>, instance = "prices") => ({
    ...{ instance, streamId },
    counters: { ...ZERO_COUNTERS, ...counters },
  });

  it("counts a run without the runs before it, whose events in flight are theirs", () => {
    const before = [stream("a", { received: 10, stored: 7, inFlight: 3 })];
    const after = [
      stream("a", { received: 15, stored: 12, unknown: 3, overwritten: 1 }),
      stream("a", { received: 2, stored: 2 }, "fx"),
    ];
    assert.deepEqual(countedInRun(before, after), [
      stream("a", { received: 5, stored: 5, overwritten: 1 }),
      stream("a", { received: 2, stored: 2 }, "fx"),
    ]);
  });

  it("counts nothing of a killed hop whose stream no hop has acquired, also while another stream is acquired", () => {
    const killed = { received: 10, stored: 7, inFlight: 3 };
    const before = [stream("left", killed), stream("acquired", killed)];
    const acquired = stream("acquired", { received: 12, stored: 8, inFlight: 1, unknown: 3 });
    assert.deepEqual(countedInRun(before, [stream("left", killed), acquired]), [
      stream("left", {}),
      stream("acquired", { received: 2, stored: 1, inFlight: 1 }),
    ]);
  });

  it("counts events that a hop settles after the start, and no counter of a run is below 0", () => {
    for (const open of [{ inFlight: 3 }, { unknown: 3 }, { unknown: 1, inFlight: 2 }]) {
      const before = stream("a", { received: 10, stored: 7, ...open });
      for (const now of [
        { stored: 13 },
        { stored: 10, unknown: 3 },
        { stored: 12, inFlight: 1 },
        { stored: 11, unknown: 2 },
      ]) {
        const [run] = countedInRun([before], [stream("a", { received: 13, ...now })]);
        assert.equal(unaccounted(run!.counters), 0);
        for (const [name, value] of Object.entries(run!.counters)) assert.ok(value >= 0, `${name}: ${value}`);
        assert.equal(run!.counters.stored, now.stored - 7);
      }
    }
  });
});
