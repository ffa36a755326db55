import assert from "node:assert/strict";
import { isWithinLimit, returnSlot, takeSlot } from "../../runtime/control/table/connection-slots";
import type { StoredRow } from "../../runtime/control/table/row-change";
import { memoryTable } from "./memory-table";
import { Simulation } from "./simulation";

const MINUTE = 60_000;

describe("an upstream with a limit on connections", () => {
  let simulation: Simulation;
  /** One upstream for all streams. It refuses a connection beyond the limit. */
  const begin = async (streams: number, limit: number, options = {}) => {
    simulation = new Simulation({
      maxConnections: limit,
      streamsPerHop: 1,
      upstream: { maxConnections: limit, everyMs: 5_000 },
      ...options,
    });
    for (let i = 0; i < streams; i++) await simulation.start(`s${i}`);
  };
  const modes = () => simulation.events("handover").map(({ mode }) => mode);
  const assertNeverRefused = () => {
    for (const { streamId } of simulation.rows.values()) {
      if (streamId.startsWith("#")) continue;
      const { status, handoverMode, lastError } = simulation.row(streamId);
      assert.deepEqual([status, handoverMode, lastError], ["open", undefined, undefined], streamId);
    }
  };
  afterEach(() => simulation.close());

  it("is never exceeded: handovers overlap while a connection is left, and break otherwise", async () => {
    await begin(18, 20);
    await simulation.clock.advance(60 * MINUTE);
    assertNeverRefused();
    assert.ok(simulation.upstream.mostConnections() <= 20);
    assert.ok(modes().length >= 18 * 3, `${modes().length} handovers`);
    const overlaps = modes().filter((mode) => mode === "overlap").length;
    assert.ok(overlaps > modes().length / 2, `${overlaps} of ${modes().length} overlapped`);
  });

  it("makes every handover a break where each connection carries a stream", async () => {
    await begin(3, 3);
    await simulation.clock.advance(40 * MINUTE);
    assertNeverRefused();
    assert.equal(simulation.upstream.mostConnections(), 3);
    assert.deepEqual([...new Set(modes())], ["break"]);
    assert.ok(simulation.events("no-free-connection").length >= 3);
  });

  it("holds for moves to shared hops, and for a start during a handover", async () => {
    await begin(4, 6, { streamsPerHop: 4 });
    await simulation.clock.advance(5 * MINUTE);
    assertNeverRefused();
    await simulation.untilHandover("s0");
    await simulation.start("s4");
    await simulation.clock.advance(4 * MINUTE);
    assertNeverRefused();
    assert.ok(simulation.upstream.mostConnections() <= 6);
    assert.equal(simulation.row("s4").status, "open");
  });

  it("keeps a start waiting while the last connection is in use, and the watchdog starts it", async () => {
    await begin(1, 2, { watchdog: false });
    await simulation.clock.advance(MINUTE);
    const table = memoryTable(simulation.rows);
    const now = simulation.clock.now();
    assert.ok(await takeSlot(table, { nonce: "other", now, until: now + 20_000, maxConnections: 2 }));
    await simulation.start("late");
    await simulation.watchdogRun();
    await simulation.clock.advance(10_000);
    assert.equal(simulation.row("late").status, "starting");
    await simulation.clock.advance(10_000);
    await simulation.watchdogRun();
    await simulation.clock.advance(5_000);
    assert.equal(simulation.row("late").status, "open");
  });

  it("fails the streams that were opened last when the limit is lowered", async () => {
    await begin(3, 3);
    await simulation.clock.advance(5_000);
    Object.assign(simulation.options, { maxConnections: 2 });
    await simulation.clock.advance(2 * MINUTE);
    const failed = ["s0", "s1", "s2"].map((id) => simulation.row(id)).filter(({ status }) => status === "failed");
    assert.equal(failed.length, 1);
    assert.equal(failed[0]!.lastError?.code, "CONNECTION_LIMIT");
    assert.equal(simulation.upstream.open(), 2);
  });

  it("continues when the table does not respond to the request for a slot", async () => {
    await begin(1, 2);
    await simulation.clock.advance(MINUTE);
    await simulation.untilHandover("s0");
    let lost = 0;
    simulation.tableFault = ({ name }) => (name === "take-slot" && lost++ === 0 ? "lost-response" : undefined);
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(lost >= 1, true);
    assert.deepEqual(modes(), ["overlap"]);
    assertNeverRefused();
  });
});

describe("slots for second connections", () => {
  const row = (streamId: string, changes = {}): StoredRow => ({
    streamId,
    desired: "open",
    status: "open",
    ...changes,
  });
  const tableOf = (...rows: StoredRow[]) => memoryTable(new Map(rows.map((one) => [one.streamId, one])));
  const request = (nonce: string, changes = {}) => ({ nonce, now: 0, until: 50, maxConnections: 3, ...changes });

  it("are as many as the streams leave, and end by themselves or when they are returned", async () => {
    const table = tableOf(row("a"), row("done", { status: "completed" }), row("off", { desired: "closed" }));
    const taken = (nonce: string, changes = {}) => takeSlot(table, request(nonce, changes));
    assert.deepEqual(
      [await taken("x"), await taken("x"), await taken("y"), await taken("z")],
      [true, true, true, false],
    );
    await returnSlot(table, "x");
    await returnSlot(table, "unknown");
    assert.equal(await taken("z"), true);
    assert.equal(await taken("w", { now: 50, until: 90 }), true);
  });

  it("are taken once by a successor that repeats its request, also where another slot has become free since", async () => {
    const table = tableOf(row("a"));
    for (const nonce of ["x", "y"]) await takeSlot(table, request(nonce));
    await returnSlot(table, "x");
    await takeSlot(table, request("y"));
    await returnSlot(table, "y");
    assert.ok(await isWithinLimit(table, { now: 0, maxConnections: 1 }));
  });

  it("are given to as many of concurrent successors as fit", async () => {
    const table = tableOf(row("a"));
    const taken = await Promise.all(["x", "y", "z", "w"].map((nonce) => takeSlot(table, request(nonce))));
    assert.ok(taken.filter(Boolean).length <= 2);
    assert.ok(await isWithinLimit(table, { now: 0, maxConnections: 3 }));
  });

  it("count a stream that was stopped until its hop has left", async () => {
    const leaving = row("b", { desired: "closed", owner: "h", expiresAt: 10 });
    const table = tableOf(row("a"), leaving);
    assert.equal(await isWithinLimit(table, { now: 9, maxConnections: 1 }), false);
    assert.equal(await isWithinLimit(table, { now: 10, maxConnections: 1 }), true);
  });
});
