import assert from "node:assert/strict";
import { equationOf, TERMS } from "../../../cli/console/page/equation";
import {
  bytes,
  clock,
  count,
  countdown,
  dedented,
  duration,
  moment,
  pretty,
  rate,
  seam,
  seconds,
} from "../../../cli/console/page/format";
import { shortPath } from "../../../cli/console/page/path";
import { moved, VIEWS, viewOf } from "../../../cli/console/page/shortcuts";
import { causeOf, hopsByStream, timelineRow, windowAt } from "../../../cli/console/page/timeline";
import { scrollToRow, visibleRows } from "../../../cli/console/page/visible-rows";
import type { EventStep, HopView } from "../../../cli/console/protocol";
import { sampleFeed } from "./sample-feed";

const hop = (from: number, change: Partial<HopView> = {}): HopView => ({
  ...{ id: `${from}`, stream: "a/b", generation: from, requestId: `${from}`, from, began: "handover" },
  ...change,
});

describe("the rows in sight", () => {
  it("are few of 1,000, with a margin", () => {
    assert.deepEqual(visibleRows(1_000, 28, 28 * 100, 280), { first: 94, end: 116 });
    assert.deepEqual(visibleRows(1_000, 28, 0, 280), { first: 0, end: 16 });
  });

  it("are none of an empty list, and the last ones after the list became shorter", () => {
    assert.deepEqual(visibleRows(0, 28, 500, 280), { first: 0, end: 0 });
    const { first, end } = visibleRows(3, 28, 28_000, 280);
    assert.deepEqual([first, end], [0, 3]);
  });

  it("scroll as little as possible to the selected one", () => {
    assert.equal(scrollToRow(5, 10, 0, 100), 0);
    assert.equal(scrollToRow(10, 10, 0, 100), 10);
    assert.equal(scrollToRow(2, 10, 50, 100), 20);
  });
});

describe("the timeline", () => {
  const window = { from: 0, to: 1_000 };

  it("draws hops to scale, an overlap and a gap", () => {
    const hops = [hop(100, { to: 300, began: "start" }), hop(280, { to: 500 }), hop(600)];
    const { bars, seams } = timelineRow(hops, window, 800);
    assert.deepEqual(
      bars.map(({ left, width }) => [left, width]),
      [
        [10, 20],
        [28, 22],
        [60, 20],
      ],
    );
    assert.notEqual(bars[0]!.lane, bars[1]!.lane);
    assert.deepEqual(
      seams.map(({ kind, left, width }) => [kind, left, width]),
      [
        ["overlap", 28, 2],
        ["gap", 50, 10],
      ],
    );
  });

  it("cuts at the window and leaves out what is outside", () => {
    const { bars } = timelineRow([hop(-900, { to: -800 }), hop(-500, { to: 200 }), hop(1_500)], window, 800);
    assert.deepEqual(
      bars.map(({ left, width }) => [left, width]),
      [[0, 20]],
    );
  });

  it("draws no gap before a stream that was started again", () => {
    assert.deepEqual(timelineRow([hop(0, { to: 100 }), hop(500, { began: "start" })], window, 800).seams, []);
  });

  it("shows the next handover of the hop that runs, when it is in sight", () => {
    assert.equal(timelineRow([hop(100, { handoverAt: 900 })], window, 800).next, 90);
    assert.equal(timelineRow([hop(100, { handoverAt: 700 })], window, 800).next, 80, "due");
    assert.equal(timelineRow([hop(100, { handoverAt: 1_900 })], window, 800).next, undefined);
    assert.equal(timelineRow([hop(100, { handoverAt: 900, to: 700 })], window, 800).next, undefined);
  });

  it("has now at four fifths", () => {
    assert.deepEqual(windowAt(10_000, 1_000), { from: 9_200, to: 10_200 });
  });

  it("orders each stream's hops by their begin", () => {
    const grouped = hopsByStream([hop(5), hop(1), hop(3, { stream: "a/c" })]);
    assert.deepEqual(
      grouped.get("a/b")?.map(({ from }) => from),
      [1, 5],
    );
    assert.equal(grouped.get("a/c")?.length, 1);
  });

  it("names the cause and the mode", () => {
    assert.equal(causeOf(hop(0, { mode: "break" })), "handover, break");
    assert.equal(causeOf(hop(0, { began: "after-a-gap" })), "resumed after a gap");
  });
});

describe("the accounting equation", () => {
  it("has a term for each way of an event, and no difference while it holds", () => {
    const { counters } = sampleFeed().snapshot().streams[0]!;
    const all = { ...counters, ...Object.fromEntries(TERMS.map(({ name }) => [name, 1])), received: TERMS.length };
    assert.equal(equationOf(all).difference, 0);
    assert.equal(equationOf({ ...all, received: TERMS.length + 3 }).difference, 3);
  });
});

describe("numbers on the page", () => {
  for (const [ms, text] of [
    [0, "0 ms"],
    [999.4, "999 ms"],
    [1_540, "1.5 s"],
    [9_990, "9.9 s"],
    [10_000, "10 s"],
    [61_000, "1 min 1 s"],
    [3_600_000, "1 h"],
    [90_061_000, "1 d 1 h"],
    [-119, "−119 ms"],
    [undefined, "–"],
  ] as const) {
    it(`show ${ms} ms as ${text}`, () => assert.equal(duration(ms), text));
  }

  it("count down in whole seconds, to 0 and not below", () => {
    assert.deepEqual([-5, 0, 1, 1_000, 9_200, 61_000].map(seconds), ["0 s", "0 s", "1 s", "1 s", "10 s", "1 min 1 s"]);
  });

  it("have groups of digits, few decimals, and a unit", () => {
    assert.deepEqual([0, 1_234, 1_234_567].map(count), ["0", "1 234", "1 234 567"]);
    assert.deepEqual([undefined, 0, 0.01, 2.34, 1_234.5].map(rate), ["–", "0", "<0.1", "2.3", "1 235"]);
    assert.deepEqual([12, 1_500, 2_500_000, 3e9].map(bytes), ["12 B", "1.5 KB", "2.5 MB", "3.00 GB"]);
    assert.deepEqual([-119, 40, undefined].map(seam), ["overlap 119 ms", "gap 40 ms", "–"]);
    assert.match(clock(1_767_225_600_007), /^\d\d:\d\d:\d\d\.007$/);
  });

  it("have a date when they are times of another day", () => {
    const noon = new Date(2026, 10, 27, 12, 0, 1).getTime();
    assert.equal(moment(noon, noon + 3_600_000), "12:00:01.000");
    assert.equal(moment(noon, noon + 86_400_000), "27 Nov 12:00");
  });

  it("count down until a time that is due", () => {
    assert.deepEqual(
      [countdown(61_000), countdown(1), countdown(0), countdown(-5)],
      ["1 min 1 s", "1 s", "due", "due"],
    );
  });

  it("remove the indentation that all lines of a stack have", () => {
    assert.equal(dedented("    at a\n\n      at b"), "at a\n\n  at b");
  });

  it("leave a payload that is not JSON as it is", () => {
    assert.equal(pretty('{"a":1}'), '{\n  "a": 1\n}');
    assert.equal(pretty("{cut"), "{cut");
  });
});

describe("the keys", () => {
  it("move the selection, and stop at both ends", () => {
    assert.deepEqual(
      [
        moved("j", -1, 3),
        moved("j", 2, 3),
        moved("k", 0, 3),
        moved("k", -1, 3),
        moved("End", 0, 3),
        moved("Home", 2, 3),
      ],
      [0, 2, 0, 2, 2, 0],
    );
    assert.equal(moved("j", -1, 0), undefined);
    assert.equal(moved("q", 0, 3), undefined);
  });

  it("open a view by its address, and the streams by any other", () => {
    for (const view of VIEWS) assert.equal(viewOf(`#/${view}`), view);
    assert.equal(viewOf("#/nothing"), "streams");
    assert.equal(viewOf(""), "streams");
  });
});

describe("the path of an event in one line", () => {
  const texts = (...steps: (EventStep["step"] | "attempt failed")[]) =>
    shortPath(
      steps.map(
        (step, at): EventStep => (step === "attempt failed" ? { step: "attempt", at, ok: false } : { step, at }),
      ),
    ).map(({ text }) => text);

  it("leaves out what a later step implies, and counts failed attempts", () => {
    assert.deepEqual(texts("received", "stored", "delivered", "attempt", "processed"), [
      "received",
      "stored",
      "delivered",
      "processed",
    ]);
    assert.deepEqual(texts("stored", "delivered"), ["stored", "delivered"]);
    assert.deepEqual(texts("stored", "delivered", "attempt failed"), ["stored", "attempt failed"]);
    assert.deepEqual(texts("stored", "delivered", "attempt failed", "delivered", "attempt failed", "failed"), [
      "stored",
      "2 attempts failed",
      "failed",
    ]);
    assert.deepEqual(texts("stored", "delivered", "attempt failed", "delivered", "attempt", "processed"), [
      "stored",
      "attempt failed",
      "processed",
    ]);
  });
});
