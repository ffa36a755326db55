import assert from "node:assert/strict";
import { METRIC, ZERO_COUNTERS } from "../../runtime/contract";
import { addRepeats } from "../../runtime/control/repeats/add-repeats";
import { countRepeats, type StreamRecord } from "../../runtime/control/repeats/count-repeats";
import type { ConnectionTable } from "../../runtime/control/table/connection-table";
import type { StoredRow } from "../../runtime/control/table/row-change";
import { encodeItem } from "../../runtime/data/item";
import { StreamError } from "../../runtime/support/errors";
import { silentLogger } from "../../runtime/support/logger";
import { memoryTable } from "./memory-table";

const HOP_MS = 14 * 60_000;

/** An item as the relay writes it. */
function image(generation: number, receivedAt: number, { streamId = "s", slices = 1, id = "" } = {}) {
  const event = { streamId, key: "k", type: "message", id, data: "up", dataBytes: 2 };
  return JSON.parse(encodeItem({ ...event, receivedAt, sequence: `${generation}.1.7` }, 60, slices).json);
}

const modify = (OldImage: object, NewImage: object, eventID = "1"): StreamRecord =>
  ({ eventID, eventName: "MODIFY", dynamodb: { OldImage, NewImage } }) as StreamRecord;

describe("countRepeats", () => {
  const one = (record: StreamRecord) => countRepeats([record]).get("s");

  it("counts a repeat in a later hop as overwritten: its identity made it the same event", () => {
    const sameTickInThreeHops = [modify(image(1, 0), image(2, HOP_MS)), modify(image(2, HOP_MS), image(3, 2 * HOP_MS))];
    assert.deepEqual(countRepeats(sameTickInThreeHops).get("s"), { overwritten: 2, overlapCopies: 0 });
  });

  it("counts what both hops of an overlap wrote as copies, whichever wrote first", () => {
    const copy = { overwritten: 0, overlapCopies: 1 };
    assert.deepEqual(one(modify(image(4, 1_000), image(5, 31_000))), copy);
    assert.deepEqual(one(modify(image(5, 1_300), image(4, 1_000))), copy);
  });

  it("counts neither a later time, nor the same generation, nor distant ones as an overlap", () => {
    const repeat = { overwritten: 1, overlapCopies: 0 };
    assert.deepEqual(one(modify(image(4, 1_000), image(5, 31_001))), repeat);
    assert.deepEqual(one(modify(image(4, 1_000), image(4, 1_200))), repeat);
    assert.deepEqual(one(modify(image(4, 1_000), image(6, 1_200))), repeat);
  });

  it("counts equal SSE ids as the same event, a replay, and different ids as a repeat, whatever the time", () => {
    const withIds = (first: string, second: string, generation: number, at: number) =>
      one(modify(image(4, 0, { id: first }), image(generation, at, { id: second })));
    assert.deepEqual(withIds("7", "7", 5, HOP_MS), { overwritten: 0, overlapCopies: 1 });
    assert.deepEqual(withIds("7", "8", 5, 10), { overwritten: 1, overlapCopies: 0 });
    assert.deepEqual(withIds("", "8", 5, 10), { overwritten: 0, overlapCopies: 1 }, "one without: by time");
  });

  it("sums by stream, over the slices of a stream", () => {
    const of = (streamId: string, slices: number) =>
      modify(image(1, 0, { streamId, slices }), image(3, 0, { streamId, slices }));
    const counted = countRepeats([of("a", 1), of("b", 16), of("b", 4)]);
    assert.deepEqual(
      [...counted].map(([streamId, { overwritten }]) => [streamId, overwritten]),
      [
        ["a", 1],
        ["b", 2],
      ],
    );
  });

  it("ignores inserts, expired items, and items that are not events", () => {
    const item = image(1, 0);
    const records = [
      { eventName: "INSERT", dynamodb: { NewImage: item } },
      { eventName: "REMOVE", dynamodb: { OldImage: item } },
      { eventName: "MODIFY", dynamodb: { NewImage: item } },
      modify({ streamId: { S: "s" } }, { streamId: { S: "s" }, q: { S: "x" } }),
      { eventName: "MODIFY" },
      {},
    ];
    assert.equal(countRepeats(records as StreamRecord[]).size, 0);
  });
});

describe("addRepeats", () => {
  const batch = ["a", "b", "a"].map((streamId, i) =>
    modify(image(1, 0, { streamId }), image(3, 0, { streamId }), `event-${i}`),
  );
  const stored = (streamId: string): StoredRow => ({ streamId, counters: { ...ZERO_COUNTERS, stored: 3 } });
  const setUp = (wrap = (table: ConnectionTable) => table) => {
    const rows = new Map(["a", "b"].map((id) => [id, stored(id)]));
    const metrics: Record<string, number>[] = [];
    const deps = {
      table: wrap(memoryTable(rows)),
      metrics: (values: Readonly<Record<string, number>>) => metrics.push({ ...values }),
      logger: silentLogger,
    };
    const overwritten = () => [...rows.values()].map(({ counters }) => (counters as typeof ZERO_COUNTERS).overwritten);
    return { rows, metrics, deps, overwritten };
  };

  it("adds to the rows and writes metrics", async () => {
    const { deps, metrics, overwritten } = setUp();
    await addRepeats(batch, deps);
    assert.deepEqual(overwritten(), [2, 1]);
    assert.deepEqual(metrics, [{ [METRIC.overwritten]: 3 }]);
  });

  it("counts a batch that Lambda delivers again once, also when one row could not be written", async () => {
    let failures = 2;
    const { deps, overwritten } = setUp((table) => ({
      ...table,
      update: async (streamId, change) => {
        if (streamId === "b" && failures-- > 0) throw new StreamError("STORE_UNAVAILABLE", "no response");
        return table.update(streamId, change);
      },
      read: async (streamId) => {
        if (streamId === "b" && failures-- > 0) throw new StreamError("STORE_UNAVAILABLE", "no response");
        return table.read(streamId);
      },
    }));
    await assert.rejects(addRepeats(batch, deps), { code: "STORE_UNAVAILABLE" });
    assert.deepEqual(overwritten(), [2, 0]);
    await addRepeats(batch, deps);
    await addRepeats(batch, deps);
    assert.deepEqual(overwritten(), [2, 1]);
  });

  it("creates no row for a stream that has none", async () => {
    const { deps, rows } = setUp();
    rows.delete("b");
    await addRepeats(batch, deps);
    assert.deepEqual([...rows.keys()], ["a"]);
  });
});
