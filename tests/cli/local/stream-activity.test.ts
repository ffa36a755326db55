import assert from "node:assert/strict";
import { activityCounter } from "../../../cli/local/stream-activity";

describe("the activity of a stream", () => {
  const at = (ms: number) => ({ at: ms, instance: "prices", streamId: "s" });

  it("is the rate and the longest lag since the last look, and the failures of the run", () => {
    let now = 0;
    const counter = activityCounter(() => now);
    counter.look("prices", "s");
    counter.add({ kind: "stored", ...at(100), key: "a" });
    counter.add({ kind: "stored", ...at(200), key: "b" });
    counter.add({ kind: "processed", ...at(350), key: "a" });
    counter.add({ kind: "failure-stored", ...at(400), key: "b" });
    now = 500;
    assert.deepEqual(counter.look("prices", "s"), { perSecond: 4, processedPerSecond: 2, lagMs: 250, failed: 1 });
    now = 1_000;
    assert.deepEqual(counter.look("prices", "s"), { perSecond: 0, processedPerSecond: 0, lagMs: 0, failed: 1 });
  });

  it("has a lag that grows while an event waits, and is separate for each instance", () => {
    let now = 0;
    const counter = activityCounter(() => now);
    counter.add({ kind: "stored", ...at(0), key: "a" });
    now = 9_000;
    assert.equal(counter.look("prices", "s").lagMs, 9_000);
    assert.equal(counter.look("other", "s").lagMs, 0);
  });
});
