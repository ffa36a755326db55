import assert from "node:assert/strict";
import { type ConnectionTable, write } from "../../runtime/control/table/connection-table";
import type { Clause, RowChange } from "../../runtime/control/table/row-change";

/** The tests that every implementation of the connection table passes. `open` returns an empty table. */
export function connectionTableContract(open: () => Promise<ConnectionTable>): void {
  let table: ConnectionTable;
  let ids = 0;
  let id: string;
  beforeEach(async () => {
    table = await open();
    id = `stream-${++ids}`;
  });

  const change = (set: RowChange["set"], when: readonly Clause[] = [], more: Partial<RowChange> = {}): RowChange => ({
    name: "test",
    when,
    set,
    wasAppliedTo: () => false,
    ...more,
  });

  it("reads undefined for a row that was never written", async () => {
    assert.equal(await table.read(id), undefined);
  });

  it("reads strings, numbers, booleans, maps and lists as written, also under names that are reserved words", async () => {
    const set = {
      owner: "n1",
      status: "open",
      n: 12.5,
      yes: true,
      no: false,
      claim: { nonce: "x", until: 1e13 },
      streams: ["a", "b"],
    };
    assert.deepEqual(await table.update(id, change(set)), { streamId: id, ...set });
    assert.deepEqual(await table.read(id), { streamId: id, ...set });
  });

  it("removes attributes that are set to undefined and keeps the others", async () => {
    await table.update(id, change({ a: 1, b: 2, claim: { nonce: "x", until: 5 } }));
    await table.update(id, change({ a: undefined, absent: undefined, "claim.until": undefined }));
    assert.deepEqual(await table.read(id), { streamId: id, b: 2, claim: { nonce: "x" } });
  });

  it("sets attributes of a map and adds to numbers in it", async () => {
    await table.update(id, change({ generation: 0, counters: { received: 1, stored: 1 }, claim: { nonce: "x" } }));
    const add = { generation: 1, "counters.received": 5 };
    await table.update(id, change({ "claim.refused": { status: 429 } }, [], { add }));
    assert.deepEqual(await table.read(id), {
      streamId: id,
      generation: 1,
      counters: { received: 6, stored: 1 },
      claim: { nonce: "x", refused: { status: 429 } },
    });
  });

  it("adds to a number that is missing, as in a row of an earlier release", async () => {
    await table.update(id, change({ counters: { received: 1 } }));
    await table.update(id, change({}, [], { add: { "counters.received": 2, "counters.unknown": 3, generation: 1 } }));
    assert.deepEqual(await table.read(id), { streamId: id, counters: { received: 3, unknown: 3 }, generation: 1 });
  });

  it("moves a number to another one and leaves 0, also where one is missing", async () => {
    const move = { from: "counters.inFlight", to: "counters.unknown" };
    await table.update(id, change({ counters: { inFlight: 4 } }));
    await table.update(id, change({ owner: "x" }, [], { move }));
    assert.deepEqual(await table.read(id), { streamId: id, owner: "x", counters: { inFlight: 0, unknown: 4 } });
    await table.update(id, change({}, [], { move, add: { generation: 1 } }));
    assert.deepEqual((await table.read(id))?.counters, { inFlight: 0, unknown: 4 });
    await table.update(id, change({ counters: {} }));
    await table.update(id, change({}, [], { move }));
    assert.deepEqual((await table.read(id))?.counters, { inFlight: 0, unknown: 0 });
  });

  it("adds to, and moves within, a map that the row does not have yet", async () => {
    await table.update(id, change({ status: "closed" }));
    const { counters } = (await table.update(id, {
      ...change({ mark: 1 }),
      add: { "counters.stored": 2 },
      move: { from: "counters.inFlight", to: "counters.unknown" },
    })) as { counters?: object };
    assert.deepEqual(counters, { stored: 2, inFlight: 0, unknown: 0 });
  });

  it("omits undefined fields of a map", async () => {
    await table.update(id, change({ error: { code: "X", status: undefined } }));
    assert.deepEqual((await table.read(id))?.error, { code: "X" });
  });

  const ROW = { owner: "n1", expiresAt: 100, desired: "open", claim: { nonce: "n2", until: 50 } };
  const holding: readonly (readonly [string, Clause])[] = [
    ["equals", { equals: ["owner", "n1"] }],
    ["equals in a map", { equals: ["claim.nonce", "n2"] }],
    ["differs", { differs: ["owner", "n2"] }],
    ["differs from an absent attribute", { differs: ["status", "failed"] }],
    ["absent", { absent: "retryAt" }],
    ["absent in a map", { absent: "claim.refused" }],
    ["absent in an absent map", { absent: "handover.count" }],
    ["present", { present: "owner" }],
    ["atMost, at the limit", { atMost: ["expiresAt", 100] }],
    ["atMost in a map", { atMost: ["claim.until", 51] }],
    ["anyOf", { anyOf: [{ absent: "owner" }, { atMost: ["expiresAt", 100] }] }],
    ["allOf", { allOf: [{ present: "owner" }, { equals: ["desired", "open"] }] }],
  ];
  const failing: readonly (readonly [string, Clause])[] = [
    ["equals", { equals: ["owner", "n2"] }],
    ["equals another type", { equals: ["expiresAt", "100"] }],
    ["equals an absent attribute", { equals: ["status", "open"] }],
    ["differs", { differs: ["owner", "n1"] }],
    ["absent", { absent: "owner" }],
    ["present", { present: "claim.refused" }],
    ["atMost", { atMost: ["expiresAt", 99] }],
    ["atMost of an absent attribute", { atMost: ["retryAt", 1e15] }],
    ["anyOf", { anyOf: [{ absent: "owner" }, { atMost: ["expiresAt", 99] }] }],
    ["allOf", { allOf: [{ present: "owner" }, { equals: ["desired", "closed"] }] }],
  ];
  for (const [name, clause] of holding) {
    it(`applies a change when its clause holds: ${name}`, async () => {
      await table.update(id, change(ROW));
      assert.equal((await table.update(id, change({ mark: 1 }, [clause])))?.mark, 1);
    });
  }
  for (const [name, clause] of failing) {
    it(`rejects a change when its clause does not hold: ${name}`, async () => {
      await table.update(id, change(ROW));
      assert.equal(await table.update(id, change({ mark: 1 }, [clause])), undefined);
      assert.deepEqual(await table.read(id), { streamId: id, ...ROW });
    });
  }

  it("rejects a change when one of several clauses does not hold", async () => {
    await table.update(id, change(ROW));
    const when: Clause[] = [{ present: "owner" }, { anyOf: [{ absent: "owner" }, { absent: "claim" }] }];
    assert.equal(await table.update(id, change({ mark: 1 }, when)), undefined);
  });

  it("creates no row when a clause does not hold for a missing row", async () => {
    assert.equal(await table.update(id, change({ mark: 1 }, [{ present: "streamId" }])), undefined);
    assert.equal(await table.read(id), undefined);
  });

  it("applies one of many concurrent writes", async () => {
    await table.update(id, change({ generation: 0 }));
    const race = Array.from({ length: 20 }, (_, i) =>
      write(
        table,
        id,
        change({ owner: `n${i}` }, [{ absent: "owner" }], { wasAppliedTo: (row) => row.owner === `n${i}` }),
      ),
    );
    const written = await Promise.all(race);
    assert.equal(written.filter(({ applied }) => applied).length, 1);
    const winner = written.findIndex(({ applied }) => applied);
    assert.ok(
      written.every(({ row }) => row?.owner === `n${winner}`),
      "the rejected writers read the row of the winner",
    );
  });

  it("scans page by page, each row once", async () => {
    const written = ["p-1", "p-2", "p-3", "p-4", "p-5"];
    for (const one of written) await table.update(one, change({ n: 1 }));
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await table.scan({ limit: 2, ...(after !== undefined && { after }) });
      assert.ok(page.rows.length <= 2);
      seen.push(...page.rows.map(({ streamId }) => streamId));
      after = page.next;
    } while (after !== undefined);
    assert.deepEqual(seen.filter((one) => one.startsWith("p-")).sort(), written);
    assert.equal(new Set(seen).size, seen.length);
  });
}
