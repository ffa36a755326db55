import assert from "node:assert/strict";
import { type Check, judge, type Observation, type SeenItem } from "../../../cli/verify/checks";
import { numberingOf } from "../../../cli/verify/numbering";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const item = (n: number, sequence = "2.1.1"): SeenItem => ({
  key: `k${n}`,
  type: "message",
  id: "",
  data: `{"seq":${n}}`,
  sequence,
});

const GOOD: Observation = {
  unsignedStatus: 403,
  items: [item(1), item(2), item(3, "3.1.1")],
  generations: { first: 2, last: 3 },
  handover: { seconds: 12, mode: "overlap", gapMs: -900 },
  counted: { ...ZERO_COUNTERS, received: 4, stored: 3, suppressed: 1 },
  alone: true,
  processing: { processed: 3, failures: 0 },
  ringing: [],
  stopped: true,
};

const missed = (seen: Partial<Observation>): string[] =>
  judge({ ...GOOD, ...seen })
    .filter(({ result }) => result === "missed")
    .map(({ what }) => what);

describe("judge", () => {
  it("passes a deployment that does all it should", () => {
    const checks = judge(GOOD);
    assert.deepEqual([...new Set(checks.map(({ result }) => result))], ["passed"]);
    assert.equal(checks.length, 9);
  });

  const misses: readonly [string, Partial<Observation>, readonly string[]][] = [
    ["an API that answers anybody", { unsignedStatus: 200 }, ["the API refuses an unsigned call"]],
    ["an API that is broken", { unsignedStatus: 500 }, ["the API refuses an unsigned call"]],
    [
      "a stream that brings nothing",
      { items: [], processing: { processed: 0, failures: 0 } },
      ["events arrive", "events arrive after it"],
    ],
    ["a hand-over that did not come", { handover: undefined }, ["the stream is handed over", "events arrive after it"]],
    ["a successor that stores nothing", { items: [item(1), item(2), item(4)] }, ["events arrive after it"]],
    ["events that were abandoned", { counted: { ...GOOD.counted, abandoned: 1 } }, ["nothing that was read is lost"]],
    ["events that were refused", { counted: { ...GOOD.counted, refused: 1 } }, ["nothing that was read is lost"]],
    ["a position that was lost", { counted: { ...GOOD.counted, resumeLost: 1 } }, ["nothing that was read is lost"]],
    [
      "an event under two keys",
      { items: [...GOOD.items, { ...item(3, "3.1.2"), key: "other" }], processing: { processed: 4, failures: 0 } },
      ["nothing is stored twice"],
    ],
    ["an event processed twice", { processing: { processed: 4, failures: 0 } }, ["every event is processed once"]],
    ["an event never processed", { processing: { processed: 2, failures: 0 } }, ["every event is processed once"]],
    ["an event that failed", { processing: { processed: 3, failures: 1 } }, ["every event is processed once"]],
    ["an alarm", { ringing: ["prices-streams-down"] }, ["the alarms are quiet"]],
    ["a hop that goes on", { stopped: false }, ["the stream stops"]],
    [
      "a hole in upstream's numbers",
      { numbering: numberingOf([item(1), item(3, "3.1.1")], "/seq") },
      ["upstream's numbers at /seq have no hole"],
    ],
  ];
  for (const [what, seen, expected] of misses) {
    it(`misses ${what}`, () => assert.deepEqual(missed(seen), expected));
  }

  it("asks for no equality when other streams were processed too", () => {
    assert.deepEqual(missed({ alone: false, processing: { processed: 40, failures: 0 } }), []);
    assert.deepEqual(missed({ alone: false, processing: { processed: 2, failures: 0 } }), [
      "every event is processed once",
    ]);
  });

  it("says what could not be seen, and never calls it passed", () => {
    const results = judge({ ...GOOD, processing: undefined, ringing: undefined });
    const unseen = (check: Check) => check.result === "not seen";
    assert.deepEqual(
      results.filter(unseen).map(({ what }) => what),
      ["every event is processed once", "the alarms are quiet"],
    );
  });
});

describe("numberingOf", () => {
  it("finds holes wherever the items lie", () => {
    const items = [7, 3, 4, 9].map((n) => item(n));
    assert.deepEqual(numberingOf(items, "/seq"), { pointer: "/seq", missing: 3, firstHoleAfter: 4, unreadable: 0 });
  });

  it("reads nested numbers, numbers in text, and escaped names", () => {
    const data = (value: unknown): SeenItem => ({ ...item(0), data: JSON.stringify(value) });
    const items = [data({ "a/b": { "m~n": "1" } }), data({ "a/b": { "m~n": 2 } })];
    assert.deepEqual(numberingOf(items, "/a~1b/m~0n").unreadable, 0);
  });

  it("counts events without a number, and text that is no JSON", () => {
    const broken = { ...item(0), data: "{" };
    assert.equal(numberingOf([item(1), broken, { ...item(0), data: '{"seq":1.5}' }], "/seq").unreadable, 2);
  });

  it("stays quick over numbers that lie far apart", () => {
    assert.equal(numberingOf([item(1), item(9_000_000_000_000)], "/seq").missing, 8_999_999_999_998);
  });
});
