import assert from "node:assert/strict";
import type { StreamView } from "../../../cli/local/connection-api";
import type { StackEvent } from "../../../cli/local/stack-event";
import { count, NOTHING_YET, processed, type Tally, totals } from "../../../cli/local/tally";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const counted = (...events: StackEvent[]): Tally => events.reduce(count, NOTHING_YET);
const of = { streamId: "s", key: "k" };

describe("tally", () => {
  it("counts each kind of event by itself", () => {
    const tally = counted(
      { kind: "stored", ...of },
      { kind: "repeated", ...of },
      { kind: "parked", ...of },
      { kind: "processed", ...of },
      { kind: "processed", ...of },
      { kind: "failed", ...of },
      { kind: "hop", functionName: "m" },
      { kind: "log", functionName: "m", line: "" },
    );
    assert.deepEqual(tally, { stored: 1, repeated: 1, delivered: 2, parked: 1, failed: 1, hops: 1, handovers: 0 });
    assert.equal(processed(tally), 1);
  });

  it("keeps the longest gap, also where all of them overlapped", () => {
    const handover = (gapMs?: number): StackEvent => ({ kind: "handover", streamId: "s", mode: "overlap", gapMs });
    assert.equal(counted(handover(-40), handover(-5), handover()).maxGapMs, -5);
    assert.equal(counted(handover(-40), handover(12)).maxGapMs, 12);
    assert.equal(counted(handover()).maxGapMs, undefined);
  });

  it("adds up what the streams say", () => {
    const stream = (counters: Partial<StreamView["counters"]>) =>
      ({ counters: { ...ZERO_COUNTERS, ...counters } }) as StreamView;
    const streams = [stream({ received: 5, suppressed: 2, reconnects: 1 }), stream({ received: 7, repeated: 1 })];
    assert.deepEqual(totals(streams), { received: 12, duplicates: 3, reconnects: 1 });
  });
});
