import assert from "node:assert/strict";
import { World } from "./world";

const MINUTE = 60_000;
const HOP = 15 * MINUTE;

describe("how a stream leaves its hop", () => {
  let world: World;
  afterEach(() => world.close());
  const reasons = () => world.hops.map((hop) => [...(hop.reasons?.values() ?? [])].join());
  const begin = async (options: ConstructorParameters<typeof World>[0] = {}) => {
    world = new World(options);
    await world.start();
    await world.clock.advance(5_000);
  };

  it("completes at 204 and stays down until it is started by hand", async () => {
    await begin();
    world.upstream.behaviour.status = 204;
    world.upstream.drop();
    await world.clock.advance(HOP);
    assert.equal(world.row().status, "completed");
    assert.equal(world.hops.length, 1);
    world.upstream.behaviour.status = undefined;
    assert.equal((await world.start()).kind, "started");
    await world.clock.advance(5_000);
    assert.equal(world.row().status, "open");
  });

  for (const status of [401, 403]) {
    it(`fails at ${status} with a reason and comes back when the secret changes`, async () => {
      await begin();
      world.upstream.behaviour.status = status;
      world.upstream.drop();
      await world.clock.advance(10 * MINUTE);
      assert.equal(world.row().status, "failed");
      assert.equal(world.row().lastError?.code, "SOURCE_STATUS");
      assert.equal(world.hops.length, 1);
      world.upstream.behaviour.status = undefined;
      world.secretVersion = "v2";
      await world.clock.advance(MINUTE + 2_000);
      assert.equal(world.row().status, "open");
      assert.equal(world.row().attempt, 0);
    });
  }

  it("fails at 404 and stays down although the secret changes", async () => {
    await begin();
    world.upstream.behaviour.status = 404;
    world.upstream.drop();
    world.secretVersion = "v2";
    await world.clock.advance(10 * MINUTE);
    assert.equal(world.row().status, "failed");
    assert.equal(world.hops.length, 1);
    world.upstream.behaviour.status = undefined;
    await world.start();
    await world.clock.advance(5_000);
    assert.equal(world.row().status, "open");
    assert.equal(world.row().lastError, undefined);
  });

  it("leaves rather than sleeping through a Retry-After longer than the hop, which binds everybody", async () => {
    await begin();
    world.upstream.behaviour.status = 503;
    world.upstream.behaviour.retryAfterMs = 40 * MINUTE;
    world.upstream.drop();
    await world.clock.advance(5_000);
    assert.deepEqual(reasons(), ["waiting"]);
    assert.equal(world.row().status, "waiting");
    assert.equal(world.row().attempt, 1);
    world.upstream.behaviour.status = undefined;
    assert.equal((await world.start()).kind, "already", "a start says that it waits");
    await world.stop();
    assert.equal((await world.start()).kind, "started");
    await world.clock.advance(38 * MINUTE);
    assert.equal(world.upstream.mostConnections(), 1);
    assert.equal(world.upstream.open(), 0, "nobody connects before retryAt, whoever invoked it");
    await world.clock.advance(4 * MINUTE);
    assert.equal(world.row().status, "open");
    assert.equal(world.row().retryAt, undefined);
  });

  it("hands over to the new release within two minutes of a deploy, and only once", async () => {
    await begin();
    await world.clock.advance(3 * MINUTE);
    world.release = "r2";
    await world.clock.advance(2 * MINUTE);
    assert.equal(world.row().release, "r2");
    assert.deepEqual(reasons(), ["handed-over", ""]);
    await world.clock.advance(5 * MINUTE);
    assert.equal(world.hops.length, 2);
    const { stored } = world.upstream;
    const last = Math.max(...stored.keys());
    assert.equal(stored.size, last - Math.min(...stored.keys()) + 1, "nothing is lost");
  });

  it("goes on when the new release never comes up, and hands over at its deadline", async () => {
    await begin();
    await world.clock.advance(2 * MINUTE);
    world.release = "r2";
    world.deliver = () => [];
    await world.clock.advance(5 * MINUTE);
    assert.equal(world.row().status, "open");
    assert.equal(world.upstream.open(), 1);
    world.deliver = () => [500];
    await world.clock.advance(8 * MINUTE);
    assert.equal(world.row().release, "r2");
    assert.equal(world.upstream.open(), 1);
  });

  it("does not chain from a hop that was too short, and is revived by the watchdog", async () => {
    await begin({ handover: "break" });
    world.release = "r2";
    await world.watchdogRun();
    await world.clock.advance(11_000);
    assert.equal(world.hops.length, 1, "asked to hand over, but younger than the shortest hop");
    await world.clock.advance(60_000);
    assert.equal(world.row().release, "r2");
  });

  it("does not invoke from a hop that lost its lease in its first minute", async () => {
    await begin();
    world.tableFault = () => "unavailable";
    await world.clock.advance(31_000);
    world.tableFault = () => undefined;
    await world.clock.advance(2_000);
    assert.deepEqual(reasons(), ["lease-lost"]);
    assert.equal(world.hops.length, 1);
    await world.clock.advance(MINUTE);
    assert.equal(world.row().status, "open");
  });

  it("stops reading when the table is gone", async () => {
    await begin();
    world.rows.clear();
    await world.clock.advance(11_000);
    assert.deepEqual(reasons(), ["gone"]);
    assert.equal(world.upstream.open(), 0);
  });

  it("leaves quietly, connecting nothing, when it is invoked late or twice", async () => {
    await begin();
    await world.invoke({ v: 1, streams: [{ streamId: "s" }] });
    await world.invoke({ v: 1, streams: [{ streamId: "s", generation: 0 }] });
    await world.invoke({ v: 1, streams: [{ streamId: "never-started" }] });
    await world.clock.advance(2_000);
    assert.deepEqual(reasons(), ["", "not-needed", "not-needed", "not-needed"]);
    assert.equal(world.upstream.mostConnections(), 1);
    assert.equal(world.rows.size, 1);
  });
});
