import assert from "node:assert/strict";
import { sampleHopLength } from "../../../cli/local/hop-length";
import { problemsOf } from "../../../cli/local/problems";
import { NO_TOTALS } from "../../../cli/local/totals";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const NOTHING = { counters: ZERO_COUNTERS, totals: NO_TOTALS };
const lost = (count: number) => ({ sent: 9, lost: count, processedTwice: 0, unprocessed: 0, unexpected: 0 });

describe("the problems of a local run", () => {
  it("are none when every event is accounted for and processed", () => {
    const counters = { ...ZERO_COUNTERS, received: 3, stored: 2, repeated: 1 };
    assert.deepEqual(problemsOf({ ...NOTHING, counters, compared: lost(0) }), []);
  });

  it("name declared streams that never ran, processors that were never loaded, and events that were discarded", () => {
    const found = problemsOf({
      ...{ counters: ZERO_COUNTERS, totals: { ...NO_TOTALS, lost: 2 } },
      neverRan: ["prices/a"],
      neverLoaded: new Map([["prices", "Error: no key"]]),
    });
    assert.match(
      found.join("\n"),
      /^The declared stream prices\/a never ran\nThe processor of prices was never loaded: Error: no key\n2 events were discarded/,
    );
  });

  it("name events that the counters do not explain", () => {
    const counters = { ...ZERO_COUNTERS, received: 3, stored: 2 };
    assert.deepEqual(problemsOf({ ...NOTHING, counters }), [
      "1 event is not accounted for: please report this as a bug",
    ]);
  });

  it("name failures of the processor, with or without the failure bucket", () => {
    const failed = (totals: object) => problemsOf({ ...NOTHING, totals: { ...NO_TOTALS, ...totals } });
    assert.deepEqual(failed({ failuresStored: 2, failedDeliveries: 1 }), [
      "2 events failed in the processor and were stored in the failure bucket",
    ]);
    assert.deepEqual(failed({ failuresStored: 1 }), [
      "1 event failed in the processor and was stored in the failure bucket",
    ]);
    assert.deepEqual(failed({ failedDeliveries: 1 }), ["1 deliveries to the processor failed"]);
  });

  it("name a run that has nothing to compare", () => {
    assert.deepEqual(problemsOf({ ...NOTHING, compared: { ...lost(0), sent: 0 } }), [
      "No event was sent, because no hop connected in time. Run it for longer (--seconds).",
    ]);
  });

  it("explain lost events: never received or not stored, and whether the machine kept up", () => {
    const counters = { ...ZERO_COUNTERS, received: 3, abandoned: 2, unknown: 1 };
    const totals = { ...NO_TOTALS, hops: 9, lateHops: 4 };
    assert.deepEqual(problemsOf({ counters, totals, compared: lost(7) }), [
      "At least 4 of the lost events were never received: no hop was connected when they were sent. At most 3 were received and not stored (2 abandoned, 1 unknown).",
      "The machine did not keep up: 4 of 9 hops ended before a successor took over. Use longer hops (--hop-seconds 20), or stop other programs.",
    ]);
    assert.equal(problemsOf({ counters, totals: NO_TOTALS, compared: lost(7) }).length, 1);
    assert.deepEqual(problemsOf({ counters, totals, compared: lost(0) }), []);
  });
});

describe("the length of hops on the sample stream", () => {
  it("is short, and longer on a busy machine, with a message", () => {
    assert.deepEqual(sampleHopLength(4, 2), { seconds: 5 });
    assert.deepEqual(sampleHopLength(20.04, 2), {
      seconds: 15,
      note: "This machine is busy (load 20.0 on 2 cores): hops last 15 s instead of 5 s.",
    });
  });
});
