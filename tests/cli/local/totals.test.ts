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

  it("counts a run without the runs before it, whose events in flight are theirs", () => {
    const before: Counters = { ...ZERO_COUNTERS, received: 10, stored: 7, inFlight: 3 };
    const after: Counters = { ...ZERO_COUNTERS, received: 15, stored: 12, unknown: 3, overwritten: 1 };
    const run = countedInRun(before, after);
    assert.deepEqual(run, { ...ZERO_COUNTERS, received: 5, stored: 5, overwritten: 1 });
    assert.equal(unaccounted(run), 0);
  });
});
