import assert from "node:assert/strict";
import { DECLARED_ROW } from "../../runtime/contract";
import { readStream } from "../../runtime/control/streams/read";
import { memoryTable } from "./memory-table";
import { Simulation } from "./simulation";

const MINUTE = 60_000;
const HOP = 15 * MINUTE;

describe("start, stop and the declared list", () => {
  let simulation: Simulation;
  beforeEach(() => {
    simulation = new Simulation();
  });
  afterEach(() => simulation.close());
  const declare = (...streams: string[]) => simulation.rows.set(DECLARED_ROW, { streamId: DECLARED_ROW, streams });
  const started = (streamId: string) =>
    simulation.hops.filter((hop) => hop.payload.streams.some((one) => one.streamId === streamId)).length;
  const live = (streamId: string) => (simulation.row(streamId).expiresAt ?? 0) > simulation.clock.now();

  it("rejects an invalid id before anything is written", async () => {
    for (const id of ["", ".", "..", "a/b", "a b", "ü", "x".repeat(129), DECLARED_ROW]) {
      await assert.rejects(simulation.start(id), { code: "VALIDATION_FAILED" }, id);
      await assert.rejects(simulation.stop(id), { code: "VALIDATION_FAILED" }, id);
      await assert.rejects(readStream(memoryTable(simulation.rows), id), { code: "VALIDATION_FAILED" }, id);
    }
    assert.equal(simulation.rows.size, 0);
  });

  it("starts once: a second start returns already-running and writes nothing", async () => {
    assert.equal((await simulation.start()).kind, "started");
    await simulation.clock.advance(5_000);
    const before = simulation.row();
    assert.equal((await simulation.start()).kind, "already-running");
    assert.deepEqual(simulation.row(), before);
    assert.equal(simulation.hops.length, 1);
  });

  it("has one owner after two concurrent starts", async () => {
    const results = await Promise.all([simulation.start(), simulation.start()]);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ["started", "started"],
    );
    await simulation.clock.advance(5_000);
    assert.equal(simulation.upstream.mostConnections(), 1);
    assert.equal(simulation.row().generation, 1);
  });

  it("is started by the watchdog when the invocation of its start is lost", async () => {
    simulation.deliver = () => [];
    await simulation.start();
    simulation.deliver = () => [500];
    await simulation.clock.advance(MINUTE + 2_000);
    assert.equal(simulation.row().status, "open");
  });

  it("stops a running hop within one renew, and resumes from the checkpoint 12 hours later", async () => {
    await simulation.start();
    await simulation.clock.advance(MINUTE);
    assert.equal((await simulation.stop()).kind, "stopping");
    await simulation.clock.advance(10_000);
    assert.equal(simulation.row().status, "closed");
    assert.equal(simulation.upstream.open(), 0);
    const last = Math.max(...simulation.upstream.stored.keys());
    assert.equal(simulation.row().checkpoint, String(last));
    await simulation.clock.advance(12 * 60 * MINUTE);
    assert.equal(simulation.hops.length, 1, "the watchdog leaves a stopped stream alone");
    assert.equal((await simulation.start()).kind, "started");
    await simulation.clock.advance(5_000);
    assert.ok(simulation.upstream.stored.has(last + 1), "resumed where it stopped");
    assert.ok(
      [...simulation.upstream.stored.values()].every((times) => times === 1),
      "nothing was read twice",
    );
  });

  it("starts without the checkpoint on resume: false, even while the old owner drains", async () => {
    await simulation.start();
    await simulation.clock.advance(5 * MINUTE);
    await simulation.stop();
    await simulation.start("s", { resume: false });
    assert.equal(simulation.row().checkpoint, undefined);
    await simulation.clock.advance(15_000);
    assert.equal(simulation.row().status, "open");
    assert.equal(simulation.upstream.open(), 1);
    assert.equal([...(simulation.hops[0]!.reasons?.values() ?? [])].join(), "superseded");
    await simulation.clock.advance(HOP);
    assert.equal(simulation.row().status, "open");
  });

  it("invokes again when it was stopped and started within one renew", async () => {
    await simulation.start();
    await simulation.clock.advance(12_000);
    await simulation.stop();
    assert.equal((await simulation.start()).kind, "started");
    await simulation.clock.advance(12_000);
    assert.equal(simulation.row().status, "open");
    assert.equal(simulation.upstream.open(), 1);
    assert.equal(simulation.upstream.mostConnections(), 1);
    assert.ok(simulation.hops.length <= 3);
  });

  it("stops during a handover: neither hop stays connected", async () => {
    await simulation.start();
    for (let at = 0; at < 4_000; at += 250) {
      await simulation.clock.advance(14 * MINUTE - 1_000 + at);
      await simulation.stop();
      await simulation.clock.advance(20_000);
      assert.equal(simulation.upstream.open(), 0, `stopped ${at} ms into the handover`);
      assert.equal(simulation.row().status, "closed");
      await simulation.clock.advance(2 * MINUTE);
      assert.equal(simulation.running().length, 0);
      await simulation.start();
      await simulation.clock.advance(500);
    }
  });

  it("marks a stream closed directly when no hop owns it", async () => {
    simulation = new Simulation({ streamsPerHop: 1 });
    await simulation.start();
    await simulation.clock.advance(5_000);
    simulation.hops[0]!.kill();
    await simulation.clock.advance(31_000);
    assert.equal((await simulation.stop()).kind, "closed");
    assert.equal(simulation.row().status, "closed");
    assert.equal((await simulation.stop("never")).kind, "not-found");
  });

  it("marks a stopped stream closed when its owner crashed before it could", async () => {
    await simulation.start();
    await simulation.clock.advance(5_000);
    simulation.hops[0]!.kill();
    await simulation.stop();
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(simulation.row().status, "closed");
    assert.equal(simulation.row().owner, undefined);
  });

  it("starts added streams within a minute, stops removed ones and leaves the others alone", async () => {
    await simulation.start("by-hand");
    declare("a", "b");
    await simulation.clock.advance(MINUTE + 2_000);
    assert.ok(live("a") && live("b") && live("by-hand"));
    declare("b");
    await simulation.clock.advance(MINUTE + 12_000);
    assert.equal(simulation.row("a").status, "closed");
    assert.equal(simulation.row("a").declared, undefined);
    assert.ok(live("b") && live("by-hand"));
  });

  it("keeps a stream stopped that was stopped through the API, although it is declared", async () => {
    declare("a");
    await simulation.clock.advance(MINUTE + 2_000);
    await simulation.stop("a");
    await simulation.clock.advance(HOP);
    assert.equal(simulation.row("a").status, "closed");
    assert.equal(started("a"), 1);
    declare();
    await simulation.clock.advance(MINUTE + 2_000);
    declare("a");
    await simulation.clock.advance(MINUTE + 2_000);
    assert.ok(live("a"), "removed from the list and added again: started");
  });

  it("does not stop a stream that was started through the API when it is removed from the list", async () => {
    await simulation.start("a");
    await simulation.clock.advance(5_000);
    declare("a", "b");
    await simulation.clock.advance(MINUTE);
    await simulation.stop("b");
    await simulation.clock.advance(MINUTE);
    await simulation.start("b");
    declare();
    await simulation.clock.advance(2 * MINUTE);
    assert.ok(live("a") && live("b"));
    assert.equal(simulation.row("a").declared, undefined);
    assert.equal(simulation.row("b").declared, undefined);
  });

  it("changes nothing when the row of declared streams is missing", async () => {
    declare("a");
    await simulation.clock.advance(MINUTE + 2_000);
    simulation.rows.delete(DECLARED_ROW);
    await simulation.clock.advance(2 * MINUTE);
    assert.ok(live("a"));
  });
});
