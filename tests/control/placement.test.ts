import assert from "node:assert/strict";
import fc from "fast-check";
import { type ConnectionRow, ZERO_COUNTERS } from "../../runtime/contract";
import { moveChange } from "../../runtime/control/watchdog/changes";
import { placement } from "../../runtime/control/watchdog/placement";
import { applyChange } from "./memory-table";

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;
const context = { now: NOW, release: "r1", streamsPerHop: 20 };
let ids = 0;

const row = (hopId: string, over: Partial<ConnectionRow> = {}): ConnectionRow => ({
  streamId: `s${++ids}`,
  v: 1,
  desired: "open",
  desiredVersion: 1,
  status: "open",
  generation: 3,
  attempt: 0,
  owner: `owner-${hopId}`,
  expiresAt: NOW + 20_000,
  release: "r1",
  hop: { id: hopId, handoverAt: NOW + 10 * MINUTE, ms: 15 * MINUTE },
  counters: ZERO_COUNTERS,
  ...over,
});
const group = (hopId: string, size: number, over: Partial<ConnectionRow> = {}): ConnectionRow[] =>
  Array.from({ length: size }, () => row(hopId, over));
const singles = (count: number, over: Partial<ConnectionRow> = {}): ConnectionRow[] =>
  Array.from({ length: count }, (_, i) => row(`single-${i}`, over));
const sizes = (moves: readonly (readonly ConnectionRow[])[]) => moves.map(({ length }) => length);
const handoverIn = (ms: number) => ({ hop: { id: "near", handoverAt: NOW + ms, ms: 15 * MINUTE } });
const refused = {
  handoverMode: { mode: "break", until: NOW + MINUTE },
  handedOverAt: NOW - 5 * MINUTE,
} as const;

describe("placement", () => {
  it("moves streams that were started one by one to as few hops as carry them", () => {
    assert.deepEqual(sizes(placement(singles(40), context)), [20, 20]);
  });

  it("moves nothing where that saves no hop", () => {
    assert.deepEqual(placement([...group("a", 20), ...group("b", 1)], context), []);
    assert.deepEqual(placement(group("a", 15), context), []);
    assert.deepEqual(placement([], context), []);
  });

  it("moves the smallest groups, and no more than save a hop", () => {
    const moves = placement([...group("a", 2), ...group("b", 3), ...group("c", 15), ...group("d", 20)], context);
    assert.deepEqual(sizes(moves), [20]);
    assert.ok(!moves.flat().some(({ hop }) => hop?.id === "d"));
  });

  it("splits a group where only that saves a hop", () => {
    assert.deepEqual(
      sizes(
        placement(
          ["a", "b", "c"].flatMap((id) => group(id, 13)),
          context,
        ),
      ),
      [20, 19],
    );
  });

  it("packs by the measured load: a busy stream fills a hop alone", () => {
    const moves = placement([...singles(2, { load: 0.9 }), ...group("a", 1, { load: 0.05 })], context);
    assert.deepEqual(sizes(moves), [2], "the quiet one joins a busy one");
    assert.deepEqual(placement(singles(3, { load: 0.6 }), context), []);
  });

  it("moves the fewest streams out of a hop that has become too busy, to hops that carry them", () => {
    const quiet = group("a", 10, { load: 0.01 });
    const busy = group("a", 2, { load: 0.9 });
    const moves = placement([...quiet, ...busy], context);
    assert.deepEqual(sizes(moves), [1], "one busy stream shares the hop with the quiet ones");
    assert.ok(busy.includes(moves[0]![0]!));
    assert.deepEqual(placement([...quiet, ...busy.map((one) => ({ ...one, movedAt: NOW - MINUTE }))], context), []);
  });

  it("moves the surplus out of a hop when fewer streams may share one", () => {
    assert.deepEqual(sizes(placement(group("a", 30), context)), [10]);
  });

  it("moves the surplus of streams whose upstream takes one connection when their planned handover is due", () => {
    assert.deepEqual(placement(group("a", 30, refused), context), []);
    assert.deepEqual(sizes(placement(group("near", 30, { ...handoverIn(2 * MINUTE), ...refused }), context)), [10]);
  });

  const reasons: readonly (readonly [string, Partial<ConnectionRow>])[] = [
    ["moved in the last ten minutes", { movedAt: NOW - 10 * MINUTE + 1 }],
    ["handed over in the last minute", { handedOverAt: NOW - MINUTE + 1 }],
    ["begins its planned handover", handoverIn(30_000)],
    ["hands over", { status: "handing-over" }],
    ["is claimed", { claim: { nonce: "c", until: NOW + 1 } }],
    ["was refused a second connection in the last 24 hours", refused],
    ["runs another release", { release: "r0" }],
    ["waits for its next attempt", { retryAt: NOW + 1 }],
    ["is stopped", { desired: "closed" }],
  ];
  for (const [why, over] of reasons) {
    it(`leaves a group alone when one of its streams ${why}`, () => {
      const near = [row("near", over), row("near", over.hop && { hop: over.hop })];
      assert.deepEqual(placement([...near, ...group("other", 1)], context), []);
      assert.deepEqual(sizes(placement([...near, ...singles(2)], context)), [2], "the others move");
    });
  }

  it("leaves out streams without a live lease, and those of a release that did not name its hop", () => {
    assert.deepEqual(placement([...singles(2, { expiresAt: NOW }), row("a")], context), []);
    assert.deepEqual(placement([...singles(2, { hop: undefined }), row("a")], context), []);
  });

  it("moves a stream that was just started, also where its upstream takes one connection", () => {
    assert.deepEqual(sizes(placement(singles(3, { ...refused, handedOverAt: undefined }), context)), [3]);
  });

  it("lets a planned handover absorb small groups, also where the upstream takes one connection", () => {
    const due = group("near", 2, { ...handoverIn(2 * MINUTE), ...refused });
    assert.deepEqual(sizes(placement([...due, ...group("a", 3, refused)], context)), [5]);
    assert.deepEqual(placement([...due, ...group("a", 3, { movedAt: NOW - MINUTE })], context), []);
  });

  it("shrinks its limits with short hops", () => {
    const hop = { id: "short", handoverAt: NOW + 30_000, ms: MINUTE };
    const moved = group("short", 2, { hop, movedAt: NOW - 41_000 });
    assert.deepEqual(sizes(placement([...moved, ...singles(1)], context)), [3]);
  });

  it("leaves at most as many hops as the streams need, each stream in one", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 30 }), (counts) => {
        const rows = counts.flatMap((count, i) => group(`g${i}`, count));
        const moves = placement(rows, context);
        const moved = moves.flat();
        assert.equal(new Set(moved).size, moved.length);
        assert.ok(moves.every(({ length }) => length <= 20));
        const kept = new Set(rows.filter((one) => !moved.includes(one)).map(({ hop }) => hop!.id));
        assert.ok(kept.size + moves.length <= Math.ceil(rows.length / 20), `${kept.size} + ${moves.length}`);
      }),
    );
  });
});

describe("a move's mark", () => {
  const run = { nonce: "w1", now: NOW };
  const moved = (seen: ConnectionRow, now = seen) =>
    applyChange({ ...now }, seen.streamId, moveChange(seen, run)) !== undefined;

  it("is written once by two watchdogs that saw the same row", () => {
    const seen = row("a");
    const first = applyChange({ ...seen }, seen.streamId, moveChange(seen, run))!;
    assert.equal(first.movedAt, NOW);
    assert.equal(applyChange(first, seen.streamId, moveChange(seen, { ...run, nonce: "w2" })), undefined);
  });

  it("is not written for a stream that changed since it was read", () => {
    const seen = row("a");
    assert.ok(moved(seen));
    assert.ok(!moved(seen, { ...seen, generation: 4 }), "another hop acquired it");
    assert.ok(!moved(seen, { ...seen, owner: undefined }), "it was released");
    assert.ok(!moved(seen, { ...seen, desired: "closed" }), "it was stopped");
    assert.ok(!moved(seen, { ...seen, claim: { nonce: "c", until: NOW + 1 } }), "a successor claimed it");
  });
});
