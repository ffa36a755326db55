import assert from "node:assert/strict";
import { Simulation } from "./simulation";

const MINUTE = 60_000;
const HOP = 15 * MINUTE;

describe("exit reasons of a stream", () => {
  let simulation: Simulation;
  afterEach(() => simulation.close());
  const reasons = () => simulation.hops.map((hop) => [...(hop.reasons?.values() ?? [])].join());
  const begin = async (options: ConstructorParameters<typeof Simulation>[0] = {}) => {
    simulation = new Simulation(options);
    await simulation.start();
    await simulation.clock.advance(5_000);
  };

  it("completes at 204 and stays down until a start request", async () => {
    await begin();
    simulation.upstream.behaviour.status = 204;
    simulation.upstream.drop();
    await simulation.clock.advance(HOP);
    assert.equal(simulation.row().status, "completed");
    assert.equal(simulation.hops.length, 1);
    simulation.upstream.behaviour.status = undefined;
    assert.equal((await simulation.start()).kind, "started");
    await simulation.clock.advance(5_000);
    assert.equal(simulation.row().status, "open");
  });

  for (const status of [401, 403]) {
    it(`fails at ${status} with lastError and runs again when the secret changes`, async () => {
      await begin();
      simulation.upstream.behaviour.status = status;
      simulation.upstream.drop();
      await simulation.clock.advance(10 * MINUTE);
      assert.equal(simulation.row().status, "failed");
      assert.equal(simulation.row().lastError?.code, "SOURCE_STATUS");
      assert.equal(simulation.hops.length, 1);
      simulation.upstream.behaviour.status = undefined;
      simulation.secretVersion = "v2";
      await simulation.clock.advance(MINUTE + 2_000);
      assert.equal(simulation.row().status, "open");
      assert.equal(simulation.row().attempt, 0);
    });
  }

  it("fails at 404 and stays down although the secret changes", async () => {
    await begin();
    simulation.upstream.behaviour.status = 404;
    simulation.upstream.drop();
    simulation.secretVersion = "v2";
    await simulation.clock.advance(10 * MINUTE);
    assert.equal(simulation.row().status, "failed");
    assert.equal(simulation.hops.length, 1);
    simulation.upstream.behaviour.status = undefined;
    await simulation.start();
    await simulation.clock.advance(5_000);
    assert.equal(simulation.row().status, "open");
    assert.equal(simulation.row().lastError, undefined);
  });

  it("leaves instead of waiting for a Retry-After beyond the hop, and no hop connects before it", async () => {
    await begin();
    simulation.upstream.behaviour.status = 503;
    simulation.upstream.behaviour.retryAfterMs = 40 * MINUTE;
    simulation.upstream.drop();
    await simulation.clock.advance(5_000);
    assert.deepEqual(reasons(), ["waiting"]);
    assert.equal(simulation.row().status, "waiting");
    assert.equal(simulation.row().attempt, 1);
    simulation.upstream.behaviour.status = undefined;
    assert.equal((await simulation.start()).kind, "already-running", "a start finds it waiting");
    await simulation.stop();
    assert.equal((await simulation.start()).kind, "started");
    await simulation.clock.advance(38 * MINUTE);
    assert.equal(simulation.upstream.mostConnections(), 1);
    assert.equal(simulation.upstream.open(), 0, "no hop connects before retryAt, whoever invoked it");
    await simulation.clock.advance(4 * MINUTE);
    assert.equal(simulation.row().status, "open");
    assert.equal(simulation.row().retryAt, undefined);
  });

  it("hands over to the new release within five minutes of a deploy, and only once", async () => {
    await begin();
    await simulation.clock.advance(3 * MINUTE);
    simulation.release = "r2";
    await simulation.clock.advance(5 * MINUTE);
    assert.equal(simulation.row().release, "r2");
    assert.deepEqual(reasons(), ["handed-over", ""]);
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(simulation.hops.length, 2);
    const { stored } = simulation.upstream;
    const last = Math.max(...stored.keys());
    assert.equal(stored.size, last - Math.min(...stored.keys()) + 1, "nothing is lost");
  });

  it("continues when the new release does not start, and hands over at its deadline", async () => {
    await begin();
    await simulation.clock.advance(2 * MINUTE);
    simulation.release = "r2";
    simulation.deliver = () => [];
    await simulation.clock.advance(5 * MINUTE);
    assert.equal(simulation.row().status, "open");
    assert.equal(simulation.upstream.open(), 1);
    simulation.deliver = () => [500];
    await simulation.clock.advance(8 * MINUTE);
    assert.equal(simulation.row().release, "r2");
    assert.equal(simulation.upstream.open(), 1);
  });

  it("does not hand over early before the shortest hop length", async () => {
    await begin({ handover: "break" });
    simulation.release = "r2";
    await simulation.watchdogRun();
    await simulation.clock.advance(11_000);
    assert.equal(simulation.hops.length, 1, "a handover was requested, but the hop is shorter than the minimum");
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(simulation.row().release, "r2");
  });

  it("does not invoke from a hop that lost its lease in its first minute", async () => {
    await begin();
    simulation.tableFault = () => "unavailable";
    await simulation.clock.advance(31_000);
    simulation.tableFault = () => undefined;
    await simulation.clock.advance(2_000);
    assert.deepEqual(reasons(), ["lease-lost"]);
    assert.equal(simulation.hops.length, 1);
    await simulation.clock.advance(MINUTE);
    assert.equal(simulation.row().status, "open");
  });

  it("stops reading when the table is deleted", async () => {
    await begin();
    simulation.rows.clear();
    await simulation.clock.advance(11_000);
    assert.deepEqual(reasons(), ["gone"]);
    assert.equal(simulation.upstream.open(), 0);
  });

  it("leaves without a connection when it is invoked late or twice", async () => {
    await begin();
    await simulation.invoke({ v: 1, streams: [{ streamId: "s" }] });
    await simulation.invoke({ v: 1, streams: [{ streamId: "s", generation: 0 }] });
    await simulation.invoke({ v: 1, streams: [{ streamId: "never-started" }] });
    await simulation.clock.advance(2_000);
    assert.deepEqual(reasons(), ["", "not-needed", "not-needed", "not-needed"]);
    assert.equal(simulation.upstream.mostConnections(), 1);
    assert.equal(simulation.rows.size, 1);
  });
});
