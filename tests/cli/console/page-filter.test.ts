import assert from "node:assert/strict";
import { eventTest, logTest, readPointer, streamTest } from "../../../cli/console/page/filter";
import type { EventView, LogView, StreamView } from "../../../cli/console/protocol";

const event = (json: unknown, change: Partial<EventView> = {}): EventView => {
  const text = typeof json === "string" ? json : JSON.stringify(json);
  const payload = { text, encoding: "utf8", bytes: text.length, cut: false } as const;
  return { id: "1", stream: "prices/EUR", key: "k", type: "quote", at: 0, path: [], payload, ...change };
};
const log = (change: Partial<LogView>): LogView => ({
  ...{ id: "1", at: 0, source: "manager", level: "info", message: "handover" },
  ...change,
});
const EVENTS = { stream: "", type: "", text: "", pointer: "" };
const LOGS = { level: "debug", source: "", stream: "", request: "", text: "" } as const;

describe("the filter of events", () => {
  for (const [pointer, expected] of [
    ["/price", true],
    ["/price=1.5", true],
    ["/price>1", true],
    ["/price > 1.5", false],
    ["/price<2", true],
    ["/symbol>1", false],
    ["/symbol=EUR", true],
    ["/legs/0/side=buy", true],
    ["/legs/1", false],
    ["/a~1b=1", true],
    ["/toString", false],
    ['/legs/0={"side":"buy"}', true],
    ["/price>", false],
    ["/nothing=undefined", false],
  ] as const) {
    it(`${expected ? "finds" : "leaves out"} the event with ${pointer}`, () => {
      const test = eventTest({ ...EVENTS, pointer });
      assert.equal(test(event({ price: 1.5, symbol: "EUR", legs: [{ side: "buy" }], "a/b": 1 })), expected);
    });
  }

  it("leaves out an event whose payload is not JSON, or not there, when it has a pointer", () => {
    const test = eventTest({ ...EVENTS, pointer: "/price" });
    assert.equal(test(event("{cut")), false);
    assert.equal(test(event({}, { payload: undefined })), false);
  });

  it("explains a text that is not a pointer, and filters nothing by it", () => {
    for (const pointer of ["price", "=1", ">"]) {
      assert.ok("problem" in readPointer(pointer), pointer);
      assert.equal(eventTest({ ...EVENTS, pointer })(event({})), true);
    }
  });

  it("requires all of its parts, in any case of the letters", () => {
    const test = eventTest({ ...EVENTS, stream: "eur", type: "QUOTE", text: "bid" });
    assert.equal(test(event({ Bid: 1 })), true);
    assert.equal(test(event({ Bid: 1 }, { type: "trade" })), false);
    assert.equal(test(event({ Bid: 1 }, { stream: "prices/USD" })), false);
    assert.equal(test(event({ ask: 1 })), false);
  });
});

describe("the filter of logs", () => {
  it("includes the more serious levels", () => {
    const test = logTest({ ...LOGS, level: "warn" });
    assert.deepEqual(
      (["debug", "info", "warn", "error"] as const).map((level) => test(log({ level }))),
      [false, false, true, true],
    );
  });

  it("selects by source, stream, request, and text of the message and its details", () => {
    const wanted = { source: "processor", stream: "EUR", request: "abc", text: "at handler" };
    const line = log({
      source: "processor",
      stream: "a/EUR",
      requestId: "abc-1",
      message: "x",
      detail: "at handler.ts",
    });
    assert.equal(logTest({ ...LOGS, ...wanted })(line), true);
    for (const change of [
      { source: "manager" },
      { stream: undefined },
      { requestId: "z" },
      { detail: undefined },
    ] as const)
      assert.equal(logTest({ ...LOGS, ...wanted })({ ...line, ...change }), false);
  });
});

describe("the filter of streams", () => {
  it("requires every word in the name or the state", () => {
    const stream = { id: "prices/EUR", state: "waiting" } as StreamView;
    assert.deepEqual(
      ["", "eur", "waiting prices", "eur open"].map((text) => streamTest(text)(stream)),
      [true, true, true, false],
    );
  });
});
