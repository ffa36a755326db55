import assert from "node:assert/strict";
import { World } from "./world";

const MINUTE = 60_000;
const HOP = 15 * MINUTE;

describe("a hop with several streams", () => {
  const world = new World();
  const upstreams = new Map(["a", "b", "c"].map((id) => [id, world.anotherUpstream()]));
  world.upstreamOf = (streamId) => upstreams.get(streamId)!;
  after(() => world.close());
  const carried = () => world.hops.map(({ payload }) => payload.streams.map(({ streamId }) => streamId).join(""));

  before(async () => {
    const deliver = world.deliver;
    world.deliver = () => [];
    for (const id of upstreams.keys()) await world.start(id);
    world.deliver = deliver;
    await world.clock.advance(MINUTE + 5_000);
  });

  it("is begun by the watchdog for all that are down", () => {
    assert.deepEqual(carried(), ["abc"]);
    for (const upstream of upstreams.values()) assert.equal(upstream.open(), 1);
  });

  it("hands them over together: one successor for all", async () => {
    await world.clock.advance(3 * HOP);
    assert.deepEqual(carried(), ["abc", "abc", "abc", "abc"]);
    for (const [id, upstream] of upstreams) {
      assert.equal(world.row(id).generation, 4);
      assert.equal(upstream.stored.size, Math.max(...upstream.stored.keys()) - Math.min(...upstream.stored.keys()) + 1);
    }
  });

  it("goes on with the others when one fails, one is stopped and its successor is not asked for", async () => {
    upstreams.get("b")!.behaviour.status = 404;
    upstreams.get("b")!.drop();
    await world.clock.advance(5_000);
    assert.equal(world.row("b").status, "failed");
    await world.clock.advance(2 * HOP);
    assert.deepEqual(carried().slice(-2), ["ac", "ac"]);
    await world.stop("c");
    await world.clock.advance(HOP);
    assert.deepEqual(carried().slice(-1), ["a"]);
    assert.equal(world.row("a").status, "open");
    assert.equal(upstreams.get("a")!.mostConnections(), 2);
  });

  it("leaves the others alone when one breaks by a bug of ours", async () => {
    const deliver = world.deliver;
    world.deliver = () => [];
    await world.start("c");
    world.deliver = deliver;
    const { createRelay } = upstreams.get("c")!;
    upstreams.get("c")!.createRelay = () => {
      throw new TypeError("a bug");
    };
    await world.invoke({ v: 1, streams: [{ streamId: "c" }] });
    await world.clock.advance(5_000);
    upstreams.get("c")!.createRelay = createRelay;
    assert.equal(world.row("a").status, "open");
    await world.clock.advance(2 * MINUTE);
    assert.equal(world.row("c").status, "open", "the watchdog revives it");
  });
});
