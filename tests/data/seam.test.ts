import assert from "node:assert/strict";
import fc from "fast-check";
import { Seam, type SeamEvent } from "../../runtime/data/seam";

/** Events of a feed, one every `everyMs`, as a connection receives them with `delayMs`. */
const received = (names: readonly string[], { everyMs = 1_000, unique = false, delayMs = 0 } = {}): SeamEvent[] =>
  names.map((name, n) => ({ name, at: 1_000_000 + n * everyMs + delayMs, unique }));

/** The events of the successor that are new. */
function newEvents(stored: readonly SeamEvent[], successor: readonly SeamEvent[]): SeamEvent[] {
  const seam = new Seam(stored);
  return successor.filter((event, n) => !seam.isStored(event, successor.slice(n + 1)));
}

const names = (events: readonly SeamEvent[]) => events.map(({ name }) => name);

describe("seam of two hops", () => {
  it("drops nothing and doubles nothing where names differ, whatever the part that both received", () => {
    const feed = fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(feed, fc.nat(40), fc.nat(40), fc.integer({ min: -900, max: 900 }), (feed, end, start, delayMs) => {
        const to = Math.min(end, feed.length);
        const from = Math.min(start, to);
        const mine = received(feed, { delayMs }).slice(from);
        assert.deepEqual(newEvents(received(feed).slice(0, to), mine), mine.slice(to - from));
      }),
    );
  });

  it("drops nothing and doubles nothing where states repeat, and both connections receive them at nearly the same time", () => {
    const feed = fc.array(fc.constantFrom("up", "down", "idle"), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(feed, fc.nat(40), fc.nat(40), fc.integer({ min: -300, max: 300 }), (feed, end, start, delayMs) => {
        const to = Math.min(end, feed.length);
        const from = Math.min(start, to);
        const mine = received(feed, { delayMs, everyMs: 1_500 }).slice(from);
        assert.deepEqual(newEvents(received(feed, { everyMs: 1_500 }).slice(0, to), mine), mine.slice(to - from));
      }),
    );
  });

  it("keeps a state that returns after the predecessor's last event", () => {
    const stored = received(["up", "down"]);
    const [up] = received(["up"], { delayMs: 1_500 });
    assert.deepEqual(names(newEvents(stored, [up!])), ["up"]);
  });

  it("keeps an equal event that is received after the margin", () => {
    const stored = received(["up"]);
    assert.deepEqual(names(newEvents(stored, received(["up"], { delayMs: 1_001 }))), ["up"]);
    assert.deepEqual(names(newEvents(stored, received(["up"], { delayMs: 999 }))), []);
  });

  it("drops events of a connection that lags behind by seconds, where no name repeats", () => {
    const feed = Array.from({ length: 30 }, (_, n) => `price ${n}`);
    const mine = received(feed, { everyMs: 100, delayMs: 9_000 });
    assert.deepEqual(newEvents(received(feed, { everyMs: 100 }), mine), []);
  });

  it("drops unique events however late the source repeats them, in any order", () => {
    const stored = received(["1", "2", "3"], { unique: true });
    const again = received(["3", "1", "2", "4"], { unique: true, delayMs: 3_600_000 });
    assert.deepEqual(names(newEvents(stored, again)), ["4"]);
  });

  it("continues where the successor lags behind, event by event", () => {
    const stored = received(["a", "b", "a", "c"], { everyMs: 100 });
    const mine = received(["a", "b", "a", "c", "a"], { everyMs: 100, delayMs: 400 });
    const seam = new Seam(stored);
    assert.equal(seam.isStored(mine[0]!, mine.slice(1, 3)), true);
    assert.deepEqual(
      mine.slice(1).map((event) => seam.isStored(event, [])),
      [true, true, true, false],
    );
    assert.equal(seam.isOver, true);
  });

  it("keeps events that the predecessor missed, and drops those around them", () => {
    const stored = received(["1", "2", "4", "5"]);
    const mine = received(["2", "3", "4", "5", "6"]);
    assert.deepEqual(names(newEvents(stored, mine)), ["3", "6"]);
  });

  it("ends when no stored event can match any more", () => {
    const seam = new Seam(received(["a", "b", "c"]));
    const [late] = received(["d"], { delayMs: 2_000 + 1_000 });
    seam.isStored(late!, []);
    assert.equal(seam.isOver, false);
    seam.isStored({ ...late!, at: late!.at + 1 }, []);
    assert.equal(seam.isOver, true);
  });

  it("does not end by time where events have ids: the source can repeat them", () => {
    const seam = new Seam(received(["1", "2"], { unique: true }));
    seam.isStored(received(["3"], { unique: true, delayMs: 3_600_000 })[0]!, []);
    assert.equal(seam.isOver, false);
  });

  it("matches each event of a fast feed with few states", () => {
    const feed = Array.from({ length: 30_000 }, (_, n) => ["up", "down", "idle"][n % 3]!);
    const mine = received(feed, { everyMs: 1 });
    const seam = new Seam(mine);
    const stored = mine.filter((event, n) => seam.isStored(event, mine.slice(n + 1, n + 9)));
    assert.equal(stored.length, mine.length);
    assert.equal(seam.isOver, true);
  });
});
