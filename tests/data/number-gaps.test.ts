import assert from "node:assert/strict";
import { NumberGaps } from "../../runtime/data/number-gaps";
import { lines, startUpstream, status, type Upstream } from "../fakes/upstream";
import { type Setup, setUp } from "./harness";

describe("missing numbers", () => {
  const gaps = (highest: number | undefined, ...numbers: number[]) => {
    const one = new NumberGaps(highest);
    return numbers.map((number) => one.next(number));
  };

  it("counts what is skipped, from the second number on", () => {
    assert.deepEqual(gaps(undefined, 7, 8, 11, 12), [0, 0, 2, 0]);
    assert.deepEqual(gaps(5, 6, 9), [0, 2]);
  });

  it("does not count replays and repeats, and continues after them", () => {
    assert.deepEqual(gaps(5, 3, 4, 5, 5, 6, 8), [0, 0, 0, 0, 0, 1]);
  });

  it("starts again at 0 or 1", () => {
    assert.deepEqual(gaps(900, 0, 1, 2, 4), [0, 0, 0, 1]);
    assert.deepEqual(gaps(900, 1, 3), [0, 1]);
  });

  it("does not count the number of an event that was refused", () => {
    const one = new NumberGaps(5);
    one.skip();
    assert.deepEqual([one.next(7), one.next(9)], [0, 1]);
  });

  describe("of a stream", () => {
    let upstream: Upstream;
    afterEach(() => upstream.close());

    const run = async (bodies: string[], setup: Setup = {}) => {
      upstream = await startUpstream(...bodies.map((body) => lines(body)), status(204));
      const one = setUp(upstream, { ...setup, events: { sequence: "/n", ...setup.events } });
      await one.relay.run();
      const { counters, history } = one.relay.snapshot();
      const warnings = one.log.lines.filter(({ message }) => message.includes("events.sequence"));
      return { counters, history, warnings: warnings.map(({ fields }) => fields) };
    };
    const numbered = (...numbers: unknown[]) => numbers.map((n) => `{"n":${JSON.stringify(n)}}\n`).join("");

    it("are counted over connections, and logged once on each", async () => {
      const { counters, history, warnings } = await run([numbered(1, 2, 4, 6), numbered(8, "9"), numbered(8, 9, 10)]);
      assert.equal(counters.missing, 3);
      assert.equal(history.lastNumber, 10);
      assert.deepEqual(warnings, [
        { missing: 1, after: 2, number: 4 },
        { missing: 1, after: 6, number: 8 },
      ]);
    });

    it("are counted from the last number of the hop before, but not while that one still reads", async () => {
      const history = { lastNumber: 5 };
      assert.equal((await run([numbered(9)], { options: { history } })).counters.missing, 3);
      await upstream.close();
      const overlap = await run([numbered(9, 11)], { options: { history, singleAttempt: () => true } });
      assert.equal(overlap.counters.missing, 1);
    });

    it("are not affected by events without a number or over the limit", async () => {
      const large = `{"n":3,"x":"${"x".repeat(100)}"}\n`;
      const body = [numbered(1, 2), large, numbered(4, "", null, 1.5, "x"), "not JSON\n", numbered(5)].join("");
      const { counters } = await run([body], { events: { maxEventBytes: 50 } });
      assert.deepEqual([counters.missing, counters.refused], [0, 1]);
    });

    it("are not counted without `events.sequence`", async () => {
      const { counters, history } = await run([numbered(1, 5)], { events: { sequence: undefined } });
      assert.deepEqual([counters.missing, history.lastNumber], [0, undefined]);
    });
  });
});
