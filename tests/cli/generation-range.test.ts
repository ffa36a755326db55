import assert from "node:assert/strict";
import fc from "fast-check";
import { type GenerationStart, generationRange } from "../../cli/replay/generation-range";

const HOP_MS = 840_000;

/** Generations in order, and how many packs were read to find some. */
function reads(generations: readonly GenerationStart[]) {
  let packs = 0;
  const read = <T>(value: T): Promise<T> => {
    packs++;
    return Promise.resolve(value);
  };
  return {
    from: (generation: number) => read(generations.find((one) => one.generation >= generation)),
    last: () => read(generations.at(-1)?.generation),
    packs: () => packs,
  };
}

describe("the generations of a time range", () => {
  const hop = fc.record({
    /** To the next generation: in numbers, and in time. */
    step: fc.integer({ min: 1, max: 100_000 }),
    ms: fc.integer({ min: 0, max: 2 * HOP_MS }),
    /** How long it stores after the next one began. */
    overlapMs: fc.integer({ min: -HOP_MS, max: 119_000 }),
  });
  const share = fc.double({ min: -0.2, max: 1.2, noNaN: true });

  it("are all that can have its events, whatever their lengths, gaps and overlaps", () =>
    fc.assert(
      fc.asyncProperty(fc.array(hop, { minLength: 1, maxLength: 40 }), share, share, async (hops, begin, length) => {
        let [generation, receivedAt] = [1, 0];
        const generations = hops.map(({ step, ms, overlapMs }) => {
          const one = { generation, receivedAt, until: Math.max(receivedAt, receivedAt + ms + overlapMs) };
          generation += step;
          receivedAt += ms;
          return one;
        });
        const from = begin * receivedAt;
        const to = from + Math.abs(length) * receivedAt;
        const { first, last } = (await generationRange({ from, to }, reads(generations)))!;
        const missed = generations.filter(
          (one) => one.receivedAt < to && one.until >= from && (one.generation < first || one.generation > last),
        );
        assert.deepEqual(missed, []);
      }),
    ));

  it("are found by reading a few packs of the many of a week", async () => {
    const week = Array.from({ length: 720 }, (_, n) => ({ generation: 1_764_000_000 + n, receivedAt: n * HOP_MS }));
    const packs = reads(week);
    const range = await generationRange({ from: 500.5 * HOP_MS, to: 500.6 * HOP_MS }, packs);
    assert.deepEqual(range, { first: 1_764_000_500, last: 1_764_000_500 });
    assert.ok(packs.packs() <= 2 + 2 * 10, `${packs.packs()} packs`);
  });

  it("are none where there are no packs", async () => {
    assert.equal(await generationRange({ from: 0, to: 1 }, reads([])), undefined);
  });
});
