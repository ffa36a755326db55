import assert from "node:assert/strict";
import { unaccounted } from "../../runtime/contract";
import { Simulation, type SimulationOptions } from "./simulation";

const MINUTE = 60_000;
const HOP = 900_000;

/** The fake upstream keeps the last event of a running relay in flight until the next one. */
describe("the counters of a stream", () => {
  let simulation: Simulation;
  afterEach(() => simulation.close());

  const begin = async (options: SimulationOptions = {}) => {
    simulation = new Simulation(options);
    await simulation.start();
    await simulation.clock.advance(MINUTE);
  };
  const counters = () => simulation.row().counters;
  /** Events that were read by both hops of a handover. */
  const overlap = () => [...simulation.upstream.stored.values()].reduce((sum, times) => sum + times - 1, 0);
  const kill = (hop: number) => simulation.hops[hop]!.kill();

  it("show the events in flight of the owner, and add up at every write", async () => {
    await begin();
    assert.equal(counters().inFlight, 1);
    for (let second = 0; second < 30; second++) {
      await simulation.clock.advance(1_000);
      assert.equal(unaccounted(counters()), 0);
    }
  });

  it("have nothing unknown after planned handovers, and nothing in flight after a stop", async () => {
    await begin();
    await simulation.clock.advance(3 * HOP);
    assert.ok(simulation.hops.length > 3);
    assert.equal(counters().unknown, 0);
    await simulation.stop();
    await simulation.clock.advance(MINUTE);
    const { received, stored, inFlight, unknown } = counters();
    assert.deepEqual({ stored, inFlight, unknown }, { stored: received, inFlight: 0, unknown: 0 });
  });

  it("count what a crashed owner last reported in flight as unknown, once", async () => {
    await begin();
    kill(0);
    await simulation.clock.advance(3 * MINUTE);
    assert.equal(counters().unknown, 1);
    await simulation.clock.advance(2 * HOP);
    assert.equal(counters().unknown, 1);
  });

  it("take an event from unknown when its owner slept past its lease and stored it in the end", async () => {
    await begin();
    const resume = simulation.running()[0]!.pause();
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(counters().unknown, 1);
    resume();
    await simulation.clock.advance(MINUTE);
    assert.equal(counters().unknown, 0);
    assert.equal(unaccounted(counters()), 0);
  });

  /** Until the successor has acquired; its predecessor still reads. */
  const untilOverlap = async () => {
    await simulation.untilHandover();
    const { generation } = simulation.row();
    while (simulation.row().generation === generation) await simulation.clock.advance(100);
  };

  it("count the events in flight of a predecessor as unknown until it has stored them", async () => {
    await begin({ coldStartMs: 500 });
    await untilOverlap();
    assert.equal(counters().unknown, 1);
    await simulation.clock.advance(10_000);
    assert.deepEqual([counters().inFlight, counters().unknown], [1, 0]);
  });

  it("have nothing in flight when a stream closes whose predecessor crashed after its successor acquired", async () => {
    await begin({ coldStartMs: 500 });
    await untilOverlap();
    kill(0);
    await simulation.clock.advance(30_000);
    assert.deepEqual([counters().inFlight, counters().unknown], [1, 1]);
    await simulation.stop();
    await simulation.clock.advance(MINUTE);
    assert.equal(simulation.row().status, "closed");
    assert.deepEqual([counters().inFlight, counters().unknown], [0, 1]);
  });

  it("have the last events of a predecessor that drains until after its successor was succeeded", async () => {
    await begin({ coldStartMs: 500, upstream: { drainsForMs: 10_000 } });
    await untilOverlap();
    await simulation.clock.advance(5_000);
    await simulation.stop();
    await simulation.start("s", { resume: false });
    await simulation.clock.advance(30_000);
    await simulation.stop();
    await simulation.clock.advance(MINUTE);
    const { received, stored, inFlight, unknown } = counters();
    assert.deepEqual({ stored, inFlight, unknown }, { stored: received, inFlight: 0, unknown: 0 });
    assert.equal(received, simulation.upstream.stored.size + overlap());
  });

  it("count what a crashed owner had in flight as unknown when its stream is stopped, and no hop follows", async () => {
    await begin();
    kill(0);
    await simulation.stop();
    await simulation.clock.advance(3 * MINUTE);
    assert.equal(simulation.row().status, "closed");
    assert.deepEqual([counters().inFlight, counters().unknown], [0, 1]);
  });

  for (const fault of ["unavailable", "lost-response"] as const) {
    it(`have the last events of a superseded owner once, when its final write meets: ${fault}`, async () => {
      await begin();
      let left = 3;
      simulation.tableFault = ({ name }) => {
        if (name !== "add-final-counters" && (name !== "read" || left === 3 || left <= 0)) return undefined;
        return left-- > 0 ? fault : undefined;
      };
      await simulation.clock.advance(HOP);
      assert.ok(left <= 0);
      await simulation.stop();
      await simulation.clock.advance(MINUTE);
      const { received, stored, inFlight, unknown } = counters();
      assert.deepEqual({ stored, inFlight, unknown }, { stored: received, inFlight: 0, unknown: 0 });
      assert.equal(received, simulation.upstream.stored.size + overlap());
    });
  }

  it("count events as unknown when a start without the checkpoint takes the stream from a dead owner", async () => {
    await begin({ watchdog: false, streamsPerHop: 1 });
    kill(0);
    await simulation.clock.advance(MINUTE);
    await simulation.start("s", { resume: false });
    assert.deepEqual([counters().unknown, counters().inFlight], [1, 0]);
  });
});
