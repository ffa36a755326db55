import assert from "node:assert/strict";
import type { StoredEvent } from "pulumi-stream-ingestion/internal";
import type { StoredItems } from "../../cli/replay/stored-items";
import { storedSince } from "../../cli/stored-since";

/** A table with one event an item, which are received in the reverse order of their keys. */
function table(count: number) {
  const items = Array.from({ length: count }, (_, n) => ({
    streamId: "s",
    key: `k${n}`,
    receivedAt: count - n,
    events: 1,
  }));
  const reads: number[] = [];
  const store = {
    find: async () => ({ items, readUnits: 1 }),
    read: async (batch: typeof items) => {
      reads.push(batch.length);
      return batch.map((item) => ({ ...item, sequence: `1.1.${item.receivedAt}` }) as unknown as StoredEvent);
    },
  } as unknown as StoredItems;
  return { store, reads };
}

describe("the stored events before a tail", () => {
  it("are in the order in which they were received, with the progress of many", async () => {
    const { store, reads } = table(2_500);
    const lines: string[] = [];
    const options = { signal: new AbortController().signal, report: (line: string) => lines.push(line) };
    const events = await storedSince(store, "s", 2, options);
    assert.deepEqual(reads, [1_000, 1_000, 500]);
    assert.deepEqual([events.length, events[0]?.receivedAt, events.at(-1)?.receivedAt], [2_499, 2, 2_500]);
    assert.match(lines.join("\n"), /^\[#{12}\.{18}\] 40% 1,000 of 2,500 stored items\n.*80%.*\n.*100%/);
    await storedSince(table(10).store, "s", 0, options);
    assert.equal(lines.length, 3, "a few need no progress");
  });

  it("are none after an interruption, which reads no other batch", async () => {
    const { store, reads } = table(2_500);
    const stop = new AbortController();
    assert.deepEqual(await storedSince(store, "s", 0, { signal: stop.signal, report: () => stop.abort() }), []);
    assert.deepEqual(reads, [1_000]);
  });
});
