import assert from "node:assert/strict";
import { Simulation } from "./simulation";

const MINUTE = 60_000;
const HOP = 15 * MINUTE;

describe("a hop with several streams", () => {
  const simulation = new Simulation();
  const upstreams = new Map(["a", "b", "c"].map((id) => [id, simulation.anotherUpstream()]));
  simulation.upstreamOf = (streamId) => upstreams.get(streamId)!;
  after(() => simulation.close());
  const carried = () => simulation.hops.map(({ payload }) => payload.streams.map(({ streamId }) => streamId).join(""));

  before(async () => {
    const deliver = simulation.deliver;
    simulation.deliver = () => [];
    for (const id of upstreams.keys()) await simulation.start(id);
    simulation.deliver = deliver;
    await simulation.clock.advance(MINUTE + 5_000);
  });

  it("is invoked by the watchdog for all streams that are down", () => {
    assert.deepEqual(carried(), ["abc"]);
    for (const upstream of upstreams.values()) assert.equal(upstream.open(), 1);
  });

  it("hands over all streams to one successor", async () => {
    await simulation.clock.advance(3 * HOP);
    assert.deepEqual(carried(), ["abc", "abc", "abc", "abc"]);
    for (const [id, upstream] of upstreams) {
      assert.equal(simulation.row(id).generation, 4);
      assert.equal(upstream.stored.size, Math.max(...upstream.stored.keys()) - Math.min(...upstream.stored.keys()) + 1);
    }
  });

  it("continues with the others when one stream fails and one is stopped", async () => {
    upstreams.get("b")!.behaviour.status = 404;
    upstreams.get("b")!.drop();
    await simulation.clock.advance(5_000);
    assert.equal(simulation.row("b").status, "failed");
    await simulation.clock.advance(2 * HOP);
    assert.deepEqual(carried().slice(-2), ["ac", "ac"]);
    await simulation.stop("c");
    await simulation.clock.advance(HOP);
    assert.deepEqual(carried().slice(-1), ["a"]);
    assert.equal(simulation.row("a").status, "open");
    assert.equal(upstreams.get("a")!.mostConnections(), 2);
  });

  it("continues with the others when one stream throws an unexpected error", async () => {
    const deliver = simulation.deliver;
    simulation.deliver = () => [];
    await simulation.start("c");
    simulation.deliver = deliver;
    const { createRelay } = upstreams.get("c")!;
    upstreams.get("c")!.createRelay = () => {
      throw new TypeError("a bug");
    };
    await simulation.invoke({ v: 1, streams: [{ streamId: "c" }] });
    await simulation.clock.advance(5_000);
    upstreams.get("c")!.createRelay = createRelay;
    assert.equal(simulation.row("a").status, "open");
    await simulation.clock.advance(2 * MINUTE);
    assert.equal(simulation.row("c").status, "open", "the watchdog revives it");
  });
});
