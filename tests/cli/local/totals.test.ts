import assert from "node:assert/strict";
import type { StreamView } from "../../../cli/local/connection-api";
import type { StackEvent } from "../../../cli/local/stack-event";
import { count, NO_TOTALS, processed, type RunTotals, sumCounters } from "../../../cli/local/totals";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const counted = (...events: StackEvent[]): RunTotals => events.reduce(count, NO_TOTALS);
const of = { streamId: "s", key: "k" };

describe("totals", () => {
  it("counts each kind of event", () => {
    const totals = counted(
      { kind: "stored", ...of },
      { kind: "repeated", ...of },
      { kind: "failure-stored", ...of },
      { kind: "processed", ...of },
      { kind: "processed", ...of },
      { kind: "delivery-failed", ...of },
      { kind: "hop", functionName: "m" },
      { kind: "log", functionName: "m", line: "" },
    );
    assert.deepEqual(totals, {
      stored: 1,
      repeated: 1,
      delivered: 2,
      failuresStored: 1,
      failedDeliveries: 1,
      hops: 1,
      handovers: 0,
    });
    assert.equal(processed(totals), 1);
  });

  it("keeps the longest gap, also when all handovers overlapped", () => {
    const handover = (gapMs?: number): StackEvent => ({ kind: "handover", streamId: "s", mode: "overlap", gapMs });
    assert.equal(counted(handover(-40), handover(-5), handover()).maxGapMs, -5);
    assert.equal(counted(handover(-40), handover(12)).maxGapMs, 12);
    assert.equal(counted(handover()).maxGapMs, undefined);
  });

  it("adds the streams' counters", () => {
    const stream = (counters: Partial<StreamView["counters"]>) =>
      ({ counters: { ...ZERO_COUNTERS, ...counters } }) as StreamView;
    const streams = [stream({ received: 5, suppressed: 2, reconnects: 1 }), stream({ received: 7, repeated: 1 })];
    assert.deepEqual(sumCounters(streams), { received: 12, duplicates: 3, reconnects: 1 });
  });
});
