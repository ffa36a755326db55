import assert from "node:assert/strict";
import { eventMemory, smallestRelayMemoryMb } from "../../runtime/contract";
import { HopMemory, type StreamMemory } from "../../runtime/data/hop-memory";
import { fakeClock } from "../fakes/fake-clock";

const MB = 1_048_576;

describe("memory of a hop", () => {
  const { sharedBytes } = eventMemory(128, 3);
  /** A hop of three streams. `half`: in the middle of an event of the size of the whole budget. */
  const setUp = () => {
    const clock = fakeClock();
    const hop = new HopMemory(128, 3, clock);
    const streams = [hop.stream(), hop.stream(), hop.stream()] as const;
    const half = (stream: StreamMemory) => stream.setUnfinished(sharedBytes / 2);
    const waits = async (stream: StreamMemory) => {
      let over = false;
      void stream.changed().then(() => {
        over = true;
      });
      await clock.advance(0);
      return () => over;
    };
    return { clock, hop, streams, half, waits };
  };

  it("lets every stream read while there is room", () => {
    const { streams } = setUp();
    assert.deepEqual(
      streams.map((stream) => stream.mayRead()),
      [true, true, true],
    );
  });

  it("lets the oldest half-read event end when there is none, then the next oldest", async () => {
    const { streams, half, waits } = setUp();
    const [a, b, c] = streams;
    half(b);
    half(a);
    half(c);
    assert.equal(b.mayRead(), true, "b waits first");
    assert.deepEqual([a.mayRead(), c.mayRead()], [false, false]);
    const woken = await waits(a);
    b.setUnfinished(0);
    b.addQueued(sharedBytes);
    assert.deepEqual([b.mayRead(), a.mayRead(), c.mayRead()], [false, false, false], "until its event is stored");
    b.addQueued(-sharedBytes);
    assert.equal(b.held, 0);
    await new Promise(setImmediate);
    assert.equal(woken(), true);
    assert.deepEqual([a.mayRead(), c.mayRead()], [true, false]);
  });

  it("does not let a stream without an event read into the last bytes", () => {
    const { streams, half } = setUp();
    const [a, b, c] = streams;
    half(a);
    half(b);
    assert.equal(c.mayRead(), false);
    assert.equal(a.mayRead(), true);
  });

  it("gives the exception to the next event when a source stalls, and frees the memory of a stream that ends", async () => {
    const { clock, streams, half } = setUp();
    const [a, b, c] = streams;
    for (const stream of streams) half(stream);
    assert.deepEqual([a.mayRead(), b.mayRead()], [true, false]);
    const again = b.changed();
    await clock.advance(5_000);
    await again;
    assert.equal(b.mayRead(), true);
    b.close();
    a.close();
    assert.equal(c.mayRead(), true);
  });

  it("does not let all waiting streams read into the same free bytes", () => {
    const clock = fakeClock();
    const hop = new HopMemory(128, 100, clock);
    const shared = eventMemory(128, 100).sharedBytes;
    const full = hop.stream();
    full.addQueued(shared);
    const streams = Array.from({ length: 100 }, () => hop.stream());
    assert.ok(streams.every((stream) => !stream.mayRead()));
    full.addQueued(-shared);
    const admitted = streams.filter((stream) => stream.mayRead());
    assert.ok(admitted.length > 0 && admitted.length <= shared / 196_608, `${admitted.length} streams`);
    for (const stream of admitted) stream.setUnfinished(0);
    assert.ok(streams.find((stream) => !admitted.includes(stream))!.mayRead());
  });

  it("collects after large events only, in proportion to the memory", () => {
    let collected = 0;
    const hop = new HopMemory(128, 1, fakeClock(), () => collected++);
    const { garbageBytes } = eventMemory(128, 1);
    const stream = hop.stream();
    const pass = (bytes: number, times: number) => {
      for (let time = 0; time < times; time++) {
        stream.addQueued(bytes);
        stream.addQueued(-bytes);
      }
    };
    pass(1_000, garbageBytes / 500);
    assert.equal(collected, 0);
    pass(MB, Math.ceil(garbageBytes / MB));
    assert.equal(collected, 1);
  });

  it("shares the recent keys", () => {
    const keys = (memoryMb: number, streams: number) => new HopMemory(memoryMb, streams, fakeClock()).recentKeys;
    assert.equal(keys(256, 1), 8_192);
    assert.ok(keys(256, 100) < 400 && keys(256, 100) > 64);
    assert.equal(keys(128, 1_000), 64);
  });

  it("needs memory for the streams and for the copies of one event", () => {
    assert.ok(smallestRelayMemoryMb(1, MB) <= 128);
    assert.ok(smallestRelayMemoryMb(100, MB) <= 256);
    assert.ok(smallestRelayMemoryMb(1, 40 * MB) > 256);
  });
});
