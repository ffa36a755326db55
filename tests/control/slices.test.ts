import assert from "node:assert/strict";
import { Simulation } from "./simulation";

const MINUTE = 60_000;

describe("the number of partition keys of a stream", () => {
  let simulation: Simulation;
  beforeEach(async () => {
    simulation = new Simulation();
    await simulation.start();
    await simulation.clock.advance(2 * MINUTE);
  });
  afterEach(() => simulation.close());

  /** A deployment: new hops have another setting, and the watchdog requests them. */
  const deploy = (slices: number) => {
    simulation.slices = slices;
    simulation.release = `with ${slices} slices`;
  };
  const twice = () => [...simulation.upstream.slices].filter(([, counts]) => counts.size > 1).map(([number]) => number);
  const latest = () => [...(simulation.upstream.slices.get(simulation.upstream.sent()) ?? [])];

  it("is the setting at the first start, and does not change without a deployment", async () => {
    assert.equal(simulation.row().slices, 1);
    assert.deepEqual(latest(), [1]);
  });

  it("changes a minute after the handover to a new setting, and back, so that no event has two", async () => {
    for (const slices of [16, 1]) {
      deploy(slices);
      const hops = simulation.hops.length;
      while (simulation.hops.length === hops) await simulation.clock.advance(1_000);
      await simulation.clock.advance(10_000);
      assert.notEqual(simulation.row().slices, slices, "the overlap keeps the number of the predecessor");
      await simulation.clock.advance(2 * MINUTE);
      assert.equal(simulation.row().slices, slices);
      assert.deepEqual(latest(), [slices]);
      await simulation.clock.advance(20 * MINUTE);
      assert.ok(simulation.upstream.mostConnections() === 2, "the hops overlapped");
      assert.deepEqual(twice(), []);
    }
  });

  it("changes although a response is lost, and the table has what the hop uses", async () => {
    let lost = 0;
    simulation.tableFault = ({ name }) => (name === "use-slices" && lost++ < 1 ? "lost-response" : undefined);
    deploy(4);
    await simulation.clock.advance(5 * MINUTE);
    assert.ok(lost > 0);
    assert.equal(simulation.row().slices, 4);
    assert.equal(simulation.row().retryAt, undefined, "a successor may connect");
    assert.deepEqual(latest(), [4]);
    await simulation.clock.advance(20 * MINUTE);
    assert.deepEqual(twice(), []);
  });

  it("does not change while a successor has claimed the stream", async () => {
    deploy(4);
    simulation.tableFault = ({ name }) => (name === "use-slices" ? "unavailable" : undefined);
    await simulation.untilHandover();
    await simulation.clock.advance(3 * MINUTE);
    simulation.rows.set("s", { ...simulation.rows.get("s")!, claim: { nonce: "other", until: Number.MAX_VALUE } });
    simulation.tableFault = () => undefined;
    await simulation.clock.advance(30_000);
    assert.equal(simulation.row().slices, 1);
    simulation.rows.set("s", { ...simulation.rows.get("s")!, claim: undefined });
    await simulation.clock.advance(20 * MINUTE);
    assert.equal(simulation.row().slices, 4);
    assert.deepEqual(twice(), []);
  });
});
