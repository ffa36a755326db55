import assert from "node:assert/strict";
import { unprocessedEvents } from "../../../cli/local/unprocessed";

const keysOf = (key: string) => ({ streamId: "s", key });
const stored = (key: string, table = "events", eventName: "INSERT" | "MODIFY" = "INSERT", image = {}) =>
  ({ kind: "record", at: 0, table, eventName, keys: keysOf(key), image }) as const;
const records = (...keys: readonly string[]) => keys.map((key) => ({ eventName: "INSERT", keys: keysOf(key) }));
const of = { at: 0, functionName: "processor", requestId: "r" };
const delivered = (keys: readonly string[], failed: readonly number[] = []) =>
  ({ kind: "delivered", ...of, records: records(...keys), failed }) as const;

describe("the unprocessed events of a run", () => {
  const following = () =>
    unprocessedEvents({ eventTables: new Set(["events", "other"]), processors: new Set(["processor"]) });
  const countOf = (...events: readonly Parameters<ReturnType<typeof following>["add"]>[0][]) => {
    const unprocessed = following();
    for (const event of events) unprocessed.add(event);
    return unprocessed.count();
  };

  it("are stored and not yet delivered, or their delivery failed and is repeated", () => {
    assert.equal(countOf(stored("a"), stored("b"), delivered(["a", "b"], [1])), 1);
    assert.equal(countOf(stored("a"), stored("b"), delivered(["a", "b"], [1]), delivered(["b"])), 0);
  });

  it("are not those that Lambda gave up on, which are in the failure bucket or lost", () => {
    assert.equal(countOf(stored("a"), { kind: "discarded", ...of, records: records("a"), kept: true }), 0);
  });

  it("are counted one by one in a pack, and of each instance", () => {
    assert.equal(countOf(stored("a", "events", "INSERT", { n: { N: "40" } }), stored("a", "other")), 41);
    assert.equal(countOf(stored("a"), stored("a", "other"), delivered(["a"])), 1);
  });

  it("are changed neither by events of earlier runs, nor by repeats, other tables and other functions", () => {
    const elsewhere = { ...delivered(["b"]), functionName: "repeat-counter" };
    assert.equal(
      countOf(delivered(["earlier"]), stored("b"), stored("b", "events", "MODIFY"), stored("c", "leases"), elsewhere),
      1,
    );
  });
});
