import assert from "node:assert/strict";
import type { Check } from "../../../cli/verify/check";
import { evaluateChecks, type Observation, type StoredItem } from "../../../cli/verify/checks";
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
  handovers: 1,
  newChains: false,
  onlyStream: true,
  processing: { processed: 3, failures: 0 },
  alarms: [{ name: "prices-watchdog-stopped", state: "OK", ofWatchdog: true }],
  stopped: true,
};
const LONG: Partial<Observation> = {
  generations: { first: 2, last: 20 },
  handovers: 18,
  hops: { expected: 17, seen: 17, seconds: 14_300 },
};
const HOPS = "hops hand over at their end";
const CHAIN = "the chain of hops continues after 16 invocations";
const IDLE = "the API answers after an idle time";
const POISON = "an event that cannot be processed is stored in the failure bucket";

const failed = (changes: Partial<Observation>): string[] =>
  evaluateChecks({ ...GOOD, ...changes })
    .filter(({ result }) => result === "failed")
    .map(({ what }) => what);

describe("evaluateChecks", () => {
  it("passes a correct deployment, and names the option of each check that did not run", () => {
    const checks = evaluateChecks(GOOD);
    assert.equal(checks.filter(({ result }) => result === "passed").length, 10);
    assert.deepEqual(
      checks.filter(({ result }) => result !== "passed").map(({ what, detail }) => `${what}: ${detail.split(",")[0]}`),
      [
        `${HOPS}: pass --hops 1`,
        `${CHAIN}: pass --hops 17`,
        `${IDLE}: pass --idle-seconds 600`,
        `${POISON}: pass --poison`,
      ],
    );
  });

  it("passes every check of a long run", () => {
    const items = [...GOOD.items.slice(0, 2), item(3, "20.1.1")];
    const poison = { what: POISON, result: "passed", detail: "" } as const;
    const checks = evaluateChecks({ ...GOOD, ...LONG, items, idle: { seconds: 600 }, poison });
    assert.deepEqual([...new Set(checks.map(({ result }) => result))], ["passed"]);
    assert.equal(checks.length, 14);
  });

  const outcome = (what: string, changes: Partial<Observation>) =>
    evaluateChecks({ ...GOOD, ...changes }).find((check) => check.what === what);

  it("does not accept a chain of fewer invocations, or one that the watchdog started again, as a proof", () => {
    const few = { generations: { first: 2, last: 4 }, handovers: 2, hops: { expected: 1, seen: 1, seconds: 840 } };
    assert.deepEqual([outcome(HOPS, few)?.result, outcome(CHAIN, few)?.result], ["passed", "not checked"]);
    assert.equal(outcome(CHAIN, { ...LONG, newChains: true })?.result, "not checked");
    const missed = { ...few, hops: { expected: 1, seen: 0, seconds: 1_200 } };
    assert.deepEqual([outcome(HOPS, missed)?.result, outcome(CHAIN, missed)?.result], ["failed", "not checked"]);
  });

  it("counts a hop that the watchdog started as a broken chain", () => {
    const revived = { ...LONG, handovers: 17 };
    assert.deepEqual([outcome(HOPS, revived)?.result, outcome(CHAIN, revived)?.result], ["failed", "failed"]);
    assert.match(outcome(CHAIN, revived)?.detail ?? "", /1 hops began without a handover/);
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
    [
      "an alarm",
      { alarms: [...(GOOD.alarms ?? []), { name: "prices-streams-down", state: "ALARM", ofWatchdog: false }] },
      ["no alarm is in ALARM"],
    ],
    [
      "a watchdog whose metric is missing",
      { alarms: [{ name: "prices-watchdog-stopped", state: "ALARM", ofWatchdog: true }] },
      ["no alarm is in ALARM", "the watchdog's metric is received every minute"],
    ],
    ["an API that fails after an idle time", { idle: { seconds: 600, error: "no response" } }, [IDLE]],
    [
      "a chain that Lambda ended",
      { ...LONG, hops: { expected: 17, seen: 15, seconds: 14_000 } },
      ["events arrive after it", HOPS, CHAIN],
    ],
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

  it("cannot compare processed and stored events when other streams ran, but finds too few", () => {
    const others = { onlyStream: false, processing: { processed: 40, failures: 0 } };
    assert.deepEqual(failed(others), []);
    assert.equal(outcome("every event is processed once", others)?.result, "not checked");
    assert.deepEqual(failed({ onlyStream: false, processing: { processed: 2, failures: 0 } }), [
      "every event is processed once",
    ]);
  });

  it("reports what it could not read as not checked", () => {
    const results = evaluateChecks({ ...GOOD, processing: undefined, alarms: undefined });
    const notChecked = (check: Check) => check.result === "not checked";
    assert.deepEqual(
      results.filter(notChecked).map(({ what }) => what),
      [
        HOPS,
        CHAIN,
        "every event is processed once",
        "no alarm is in ALARM",
        "the watchdog's metric is received every minute",
        IDLE,
        POISON,
      ],
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
