import assert from "node:assert/strict";
import { type Check, evaluateChecks, type Observation, type StoredItem } from "../../../cli/verify/checks";
import { numberingOf } from "../../../cli/verify/numbering";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const item = (n: number, sequence = "2.1.1"): StoredItem => ({
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
  onlyStream: true,
  processing: { processed: 3, failures: 0 },
  activeAlarms: [],
  stopped: true,
};

const failed = (changes: Partial<Observation>): string[] =>
  evaluateChecks({ ...GOOD, ...changes })
    .filter(({ result }) => result === "failed")
    .map(({ what }) => what);

describe("evaluateChecks", () => {
  it("passes a correct deployment", () => {
    const checks = evaluateChecks(GOOD);
    assert.deepEqual([...new Set(checks.map(({ result }) => result))], ["passed"]);
    assert.equal(checks.length, 9);
  });

  const failures: readonly [string, Partial<Observation>, readonly string[]][] = [
    ["an API that accepts an unsigned call", { unsignedStatus: 200 }, ["the API refuses an unsigned call"]],
    ["an API that answers 500", { unsignedStatus: 500 }, ["the API refuses an unsigned call"]],
    [
      "a stream without events",
      { items: [], processing: { processed: 0, failures: 0 } },
      ["events arrive", "events arrive after it"],
    ],
    ["a missing handover", { handover: undefined }, ["the stream is handed over", "events arrive after it"]],
    ["a successor that stores nothing", { items: [item(1), item(2), item(4)] }, ["events arrive after it"]],
    [
      "events that were abandoned",
      { counted: { ...GOOD.counted, abandoned: 1 } },
      ["nothing that was received is lost"],
    ],
    [
      "events that a crash left unknown",
      { counted: { ...GOOD.counted, stored: 2, unknown: 1 } },
      ["nothing that was received is lost"],
    ],
    [
      "events that the counters do not explain",
      { counted: { ...GOOD.counted, received: 5 } },
      ["nothing that was received is lost"],
    ],
    ["events that were refused", { counted: { ...GOOD.counted, refused: 1 } }, ["nothing that was received is lost"]],
    [
      "a position that was lost",
      { counted: { ...GOOD.counted, resumeLost: 1 } },
      ["nothing that was received is lost"],
    ],
    [
      "an event under two keys",
      { items: [...GOOD.items, { ...item(3, "3.1.2"), key: "other" }], processing: { processed: 4, failures: 0 } },
      ["nothing is stored twice"],
    ],
    ["an event processed twice", { processing: { processed: 4, failures: 0 } }, ["every event is processed once"]],
    ["an event never processed", { processing: { processed: 2, failures: 0 } }, ["every event is processed once"]],
    ["an event that failed", { processing: { processed: 3, failures: 1 } }, ["every event is processed once"]],
    ["an alarm", { activeAlarms: ["prices-streams-down"] }, ["no alarm is in ALARM"]],
    ["a hop that does not stop", { stopped: false }, ["the stream stops"]],
    [
      "a gap in the upstream's numbers",
      { numbering: numberingOf([item(1), item(3, "3.1.1")], "/seq") },
      ["the upstream's numbers at /seq have no gap"],
    ],
  ];
  for (const [what, changes, expected] of failures) {
    it(`fails for ${what}`, () => assert.deepEqual(failed(changes), expected));
  }

  it("accepts more processed than stored events when other streams ran", () => {
    assert.deepEqual(failed({ onlyStream: false, processing: { processed: 40, failures: 0 } }), []);
    assert.deepEqual(failed({ onlyStream: false, processing: { processed: 2, failures: 0 } }), [
      "every event is processed once",
    ]);
  });

  it("reports what it could not read as not checked", () => {
    const results = evaluateChecks({ ...GOOD, processing: undefined, activeAlarms: undefined });
    const notChecked = (check: Check) => check.result === "not checked";
    assert.deepEqual(
      results.filter(notChecked).map(({ what }) => what),
      ["every event is processed once", "no alarm is in ALARM"],
    );
  });
});

describe("numberingOf", () => {
  it("finds gaps in any order of the items", () => {
    const items = [7, 3, 4, 9].map((n) => item(n));
    assert.deepEqual(numberingOf(items, "/seq"), { pointer: "/seq", missing: 3, firstGapAfter: 4, unreadable: 0 });
  });

  it("reads nested numbers, numbers in text, and escaped names", () => {
    const data = (value: unknown): StoredItem => ({ ...item(0), data: JSON.stringify(value) });
    const items = [data({ "a/b": { "m~n": "1" } }), data({ "a/b": { "m~n": 2 } })];
    assert.deepEqual(numberingOf(items, "/a~1b/m~0n").unreadable, 0);
  });

  it("counts events without a number and text that is not JSON", () => {
    const broken = { ...item(0), data: "{" };
    assert.equal(numberingOf([item(1), broken, { ...item(0), data: '{"seq":1.5}' }], "/seq").unreadable, 2);
  });

  it("handles distant numbers without listing the gap", () => {
    assert.equal(numberingOf([item(1), item(9_000_000_000_000)], "/seq").missing, 8_999_999_999_998);
  });
});
