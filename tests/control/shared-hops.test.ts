import assert from "node:assert/strict";
import { Simulation, type SimulationOptions } from "./simulation";
import type { UpstreamBehaviour } from "./virtual-upstream";

const MINUTE = 60_000;

describe("streams that share hops", () => {
  let simulation: Simulation;
  const upstreams = new Map<string, ReturnType<Simulation["anotherUpstream"]>>();
  const begin = (options: SimulationOptions & { behaviour?: Partial<UpstreamBehaviour> } = {}) => {
    simulation = new Simulation({ streamsPerHop: 5, ...options });
    simulation.upstreamOf = (streamId) => {
      const known = upstreams.get(streamId) ?? simulation.anotherUpstream({ everyMs: 5_000, ...options.behaviour });
      upstreams.set(streamId, known);
      return known;
    };
  };
  const start = async (from: number, to: number) => {
    for (let i = from; i < to; i++) await simulation.start(`s${i}`);
    await simulation.clock.advance(5_000);
  };
  const hops = () =>
    new Set(simulation.running().map(({ startedAt, payload }) => `${startedAt} ${payload.streams[0]!.streamId}`)).size;
  const assertHealthy = (count: number) => {
    for (let i = 0; i < count; i++) {
      const upstream = upstreams.get(`s${i}`)!;
      const keys = [...upstream.stored.keys()];
      assert.equal(simulation.row(`s${i}`).status, "open");
      assert.equal(upstream.open(), 1, `s${i} has one connection`);
      assert.equal(keys.length, Math.max(...keys) - Math.min(...keys) + 1, `s${i} misses no event`);
      assert.ok(upstream.mostConnections() <= 2);
    }
  };
  afterEach(async () => {
    await simulation.close();
    upstreams.clear();
  });

  it("move together within two minutes of their start, by overlap", async () => {
    begin();
    await start(0, 12);
    assert.equal(hops(), 12);
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(hops(), 3);
    assertHealthy(12);
    assert.ok(simulation.events("handover").every(({ mode }) => mode === "overlap"));
    await simulation.clock.advance(30 * MINUTE);
    assert.equal(hops(), 3, "planned handovers keep them together");
    assertHealthy(12);
  });

  it("move by break, with a short gap, where the upstream takes one connection, and then stay for a day", async () => {
    begin({ behaviour: { maxConnections: 1 } });
    await start(0, 10);
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(hops(), 2);
    assertHealthy(10);
    const measured = simulation.events("handover");
    assert.equal(measured.length, 10);
    assert.ok(measured.every(({ mode, gapMs }) => mode === "break" && (gapMs as number) <= 5_000));
    for (let i = 0; i < 10; i++) assert.ok(simulation.row(`s${i}`).handoverMode!.until > simulation.clock.now());
  });

  it("move where the upstream keeps the newest connection alone", async () => {
    begin({ behaviour: { newestOnly: true, subscribesAfterMs: 1_000 } });
    await start(0, 10);
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(hops(), 2);
    assertHealthy(10);
  });

  it("fill the room that ended streams leave, within fifteen minutes", async () => {
    begin();
    await start(0, 20);
    await simulation.clock.advance(15 * MINUTE);
    assert.equal(hops(), 4);
    for (const i of [5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16]) await simulation.stop(`s${i}`);
    await simulation.clock.advance(15 * MINUTE);
    assert.ok(hops() <= 3, `${hops()} hops for 8 streams`);
    await start(20, 24);
    await simulation.clock.advance(15 * MINUTE);
    assert.ok(hops() <= 4, `${hops()} hops for 12 streams`);
  });

  it("share hops again after an outage of the upstream", async () => {
    begin();
    await start(0, 20);
    await simulation.clock.advance(3 * MINUTE);
    for (const { behaviour, drop } of upstreams.values()) {
      behaviour.status = 503;
      drop();
    }
    await simulation.clock.advance(5 * MINUTE);
    assert.equal(hops(), 0, "no hop waits");
    for (const { behaviour } of upstreams.values()) behaviour.status = undefined;
    await simulation.clock.advance(5 * MINUTE);
    assertHealthy(20);
    assert.ok(hops() <= 9, `${hops()} hops two minutes after the last start`);
    await simulation.clock.advance(12 * MINUTE);
    assert.ok(hops() <= 5, `${hops()} hops`);
  });

  it("are moved once by two watchdogs that run at the same time", async () => {
    begin({ watchdog: false });
    await start(0, 10);
    await Promise.all([simulation.watchdogRun(), simulation.watchdogRun()]);
    await simulation.clock.advance(MINUTE);
    assert.equal(simulation.hops.length, 12);
    assert.equal(hops(), 2);
    assertHealthy(10);
  });

  it("hand over to a new release together, within five minutes", async () => {
    begin();
    await start(0, 10);
    await simulation.clock.advance(4 * MINUTE);
    simulation.release = "r2";
    const before = simulation.hops.length;
    await simulation.clock.advance(5 * MINUTE);
    for (let i = 0; i < 10; i++) assert.equal(simulation.row(`s${i}`).release, "r2");
    assert.equal(simulation.hops.length, before + 2, "one successor a hop");
    assertHealthy(10);
  });

  it("are stopped during a move", async () => {
    begin();
    await start(0, 5);
    await simulation.clock.advance(MINUTE - 5_000 + 800);
    for (let i = 0; i < 5; i++) await simulation.stop(`s${i}`);
    await simulation.clock.advance(MINUTE);
    for (const { open } of upstreams.values()) assert.equal(open(), 0);
    for (let i = 0; i < 5; i++) assert.equal(simulation.row(`s${i}`).status, "closed");
  });
});
