import assert from "node:assert/strict";
import { DECLARED_ROW } from "../../runtime/contract";
import { readStream } from "../../runtime/control/streams/read";
import { memoryTable } from "./memory-table";
import { World } from "./world";

const MINUTE = 60_000;
const HOP = 15 * MINUTE;

describe("start, stop and the declared list", () => {
  let world: World;
  beforeEach(() => {
    world = new World();
  });
  afterEach(() => world.close());
  const declare = (...streams: string[]) => world.rows.set(DECLARED_ROW, { streamId: DECLARED_ROW, streams });
  const started = (streamId: string) =>
    world.hops.filter((hop) => hop.payload.streams.some((one) => one.streamId === streamId)).length;
  const live = (streamId: string) => (world.row(streamId).expiresAt ?? 0) > world.clock.now();

  it("refuses a bad id before anything is written", async () => {
    for (const id of ["", ".", "..", "a/b", "a b", "ü", "x".repeat(129), DECLARED_ROW]) {
      await assert.rejects(world.start(id), { code: "VALIDATION_FAILED" }, id);
      await assert.rejects(world.stop(id), { code: "VALIDATION_FAILED" }, id);
      await assert.rejects(readStream(memoryTable(world.rows), id), { code: "VALIDATION_FAILED" }, id);
    }
    assert.equal(world.rows.size, 0);
  });

  it("starts once: a second start says so and writes nothing", async () => {
    assert.equal((await world.start()).kind, "started");
    await world.clock.advance(5_000);
    const before = world.row();
    assert.equal((await world.start()).kind, "already");
    assert.deepEqual(world.row(), before);
    assert.equal(world.hops.length, 1);
  });

  it("has one owner after two starts at the same instant", async () => {
    const results = await Promise.all([world.start(), world.start()]);
    assert.deepEqual(
      results.map(({ kind }) => kind),
      ["started", "started"],
    );
    await world.clock.advance(5_000);
    assert.equal(world.upstream.mostConnections(), 1);
    assert.equal(world.row().generation, 1);
  });

  it("is started by the watchdog when the invocation of its start is lost", async () => {
    world.deliver = () => [];
    await world.start();
    world.deliver = () => [500];
    await world.clock.advance(MINUTE + 2_000);
    assert.equal(world.row().status, "open");
  });

  it("reaches a running hop within one renew when stopped, keeps the checkpoint and resumes from it half a day later", async () => {
    await world.start();
    await world.clock.advance(MINUTE);
    assert.equal((await world.stop()).kind, "stopping");
    await world.clock.advance(10_000);
    assert.equal(world.row().status, "closed");
    assert.equal(world.upstream.open(), 0);
    const last = Math.max(...world.upstream.stored.keys());
    assert.equal(world.row().checkpoint, String(last));
    await world.clock.advance(12 * 60 * MINUTE);
    assert.equal(world.hops.length, 1, "the watchdog leaves a stopped stream alone");
    assert.equal((await world.start()).kind, "started");
    await world.clock.advance(5_000);
    assert.ok(world.upstream.stored.has(last + 1), "resumed where it stopped");
    assert.ok(
      [...world.upstream.stored.values()].every((times) => times === 1),
      "nothing was read twice",
    );
  });

  it("starts without the checkpoint when told not to resume, even while the old owner drains", async () => {
    await world.start();
    await world.clock.advance(5 * MINUTE);
    await world.stop();
    await world.start("s", { resume: false });
    assert.equal(world.row().checkpoint, undefined);
    await world.clock.advance(15_000);
    assert.equal(world.row().status, "open");
    assert.equal(world.upstream.open(), 1);
    assert.equal([...(world.hops[0]!.reasons?.values() ?? [])].join(), "superseded");
    await world.clock.advance(HOP);
    assert.equal(world.row().status, "open");
  });

  it("invokes again when it was stopped and started within one renew", async () => {
    await world.start();
    await world.clock.advance(12_000);
    await world.stop();
    assert.equal((await world.start()).kind, "started");
    await world.clock.advance(12_000);
    assert.equal(world.row().status, "open");
    assert.equal(world.upstream.open(), 1);
    assert.equal(world.upstream.mostConnections(), 1);
    assert.ok(world.hops.length <= 3);
  });

  it("stops during a hand-over: neither side stays connected", async () => {
    await world.start();
    for (let at = 0; at < 4_000; at += 250) {
      await world.clock.advance(14 * MINUTE - 1_000 + at);
      await world.stop();
      await world.clock.advance(20_000);
      assert.equal(world.upstream.open(), 0, `stopped ${at} ms into the hand-over`);
      assert.equal(world.row().status, "closed");
      await world.clock.advance(2 * MINUTE);
      assert.equal(world.running().length, 0);
      await world.start();
      await world.clock.advance(500);
    }
  });

  it("closes a stopped stream itself when nobody owns it", async () => {
    await world.start();
    await world.clock.advance(5_000);
    world.hops[0]!.kill();
    await world.clock.advance(31_000);
    assert.equal((await world.stop()).kind, "closed");
    assert.equal(world.row().status, "closed");
    assert.equal((await world.stop("never")).kind, "unknown");
  });

  it("buries a stopped stream whose owner died before it could close", async () => {
    await world.start();
    await world.clock.advance(5_000);
    world.hops[0]!.kill();
    await world.stop();
    await world.clock.advance(2 * MINUTE);
    assert.equal(world.row().status, "closed");
    assert.equal(world.row().owner, undefined);
  });

  it("starts what the list gains within a minute, stops what it loses, and leaves the others alone", async () => {
    await world.start("by-hand");
    declare("a", "b");
    await world.clock.advance(MINUTE + 2_000);
    assert.ok(live("a") && live("b") && live("by-hand"));
    declare("b");
    await world.clock.advance(MINUTE + 12_000);
    assert.equal(world.row("a").status, "closed");
    assert.equal(world.row("a").declared, undefined);
    assert.ok(live("b") && live("by-hand"));
  });

  it("holds a stop through the API although the stream is in the list", async () => {
    declare("a");
    await world.clock.advance(MINUTE + 2_000);
    await world.stop("a");
    await world.clock.advance(HOP);
    assert.equal(world.row("a").status, "closed");
    assert.equal(started("a"), 1);
    declare();
    await world.clock.advance(MINUTE + 2_000);
    declare("a");
    await world.clock.advance(MINUTE + 2_000);
    assert.ok(live("a"), "taken out of the list and put in again: started");
  });

  it("never stops by the list what was started through the API", async () => {
    await world.start("a");
    await world.clock.advance(5_000);
    declare("a", "b");
    await world.clock.advance(MINUTE);
    await world.stop("b");
    await world.clock.advance(MINUTE);
    await world.start("b");
    declare();
    await world.clock.advance(2 * MINUTE);
    assert.ok(live("a") && live("b"));
    assert.equal(world.row("a").declared, undefined);
    assert.equal(world.row("b").declared, undefined);
  });

  it("does nothing about the list while the deployment has none", async () => {
    declare("a");
    await world.clock.advance(MINUTE + 2_000);
    world.rows.delete(DECLARED_ROW);
    await world.clock.advance(2 * MINUTE);
    assert.ok(live("a"));
  });
});
