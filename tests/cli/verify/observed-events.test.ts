import assert from "node:assert/strict";
import type { StoredItem } from "../../../cli/verify/checks";
import { type ObservedEvent, type ObservedEvents, observedEventsCheck } from "../../../cli/verify/observed-events";
import type { IdentitySettings } from "../../../runtime/contract";
import { contentKey } from "../../../runtime/data/identity";

const CONTENT: IdentitySettings = { kind: "content" };
const dataOf = (n: number) => `{"seq":${n}}`;

const observedEvents = (...numbers: number[]): ObservedEvent[] =>
  numbers.map((n) => {
    const content = contentKey(dataOf(n), "message");
    return { key: content, content, beginning: dataOf(n) };
  });

const stored = (...numbers: number[]): StoredItem[] =>
  numbers.map((n) => ({ key: `k${n}`, type: "message", id: "", data: dataOf(n), sequence: `2.1.${n}` }));

const check = (
  events: readonly ObservedEvent[],
  items: readonly StoredItem[],
  more: Partial<ObservedEvents> & { identity?: IdentitySettings } = {},
) => {
  const { identity = CONTENT, ...observed } = more;
  return observedEventsCheck({ events, opened: true, ...observed }, items, identity);
};

describe("observedEventsCheck", () => {
  it("passes when all received events are stored, in any order and under any key", () => {
    assert.deepEqual(check(observedEvents(1, 2, 3), stored(3, 1, 2, 9)), {
      what: "everything a second connection received is stored",
      result: "passed",
      detail: "3 received, 0 missing",
    });
  });

  it("finds a lost event between two stored ones and names it", () => {
    const { result, detail } = check(observedEvents(1, 2, 3, 4), stored(1, 4));
    assert.equal(result, "failed");
    assert.equal(detail, `2 of 4 missing, the first: ${contentKey(dataOf(2), "message")} {"seq":2}`);
  });

  it("ignores events before the first and after the last stored one", () => {
    const { result, detail } = check(observedEvents(1, 2, 3, 4, 5), stored(3, 4));
    assert.deepEqual(
      [result, detail],
      ["passed", "2 received, 0 missing (3 more were received before or after the compared range)"],
    );
  });

  it("treats events with the same data and different types as different", () => {
    const items = stored(1, 2, 3).map((item, at) => (at === 1 ? { ...item, type: "tick" } : item));
    assert.equal(check(observedEvents(1, 2, 3), items).result, "failed");
  });

  it("ignores the key of an item that has other data", () => {
    const [lost] = observedEvents(2);
    const items = [...stored(1, 3), { ...stored(9)[0]!, key: lost!.key }];
    assert.equal(check(observedEvents(1, 2, 3), items).result, "failed");
  });

  it("compares the key when the data is in the bucket", () => {
    const [large] = observedEvents(2);
    const items = [...stored(1, 3), { ...stored(9)[0]!, key: large!.key, data: "oversize/x", inBucket: true }];
    assert.equal(check(observedEvents(1, 2, 3), items).result, "passed");
  });

  for (const identity of [{ kind: "sse-id" }, { kind: "pointer", pointer: "/id" }] as const) {
    it(`compares the key under ${identity.kind}, because the table has the last copy`, () => {
      const events = observedEvents(1, 2, 3).map((event, at) => ({ ...event, key: `k${at + 1}` }));
      const rewritten = stored(1, 2, 3).map((item) => ({ ...item, data: "a later copy" }));
      assert.equal(check(events, rewritten, { identity }).result, "passed");
      assert.equal(check(events, [rewritten[0]!, rewritten[2]!], { identity }).result, "failed");
    });
  }

  it("fails when no received event is stored, and questions --upstream", () => {
    const { result, detail } = check(observedEvents(1, 2), stored(7, 8));
    assert.equal(result, "failed");
    assert.match(detail, /^none of the 2 received events is stored\. Is --upstream the deployment's upstream/);
  });

  it("fails when it could not connect", () => {
    const { result, detail } = check([], stored(1), { opened: false, ended: "the upstream answered 401." });
    assert.deepEqual([result, detail], ["failed", "it could not connect: the upstream answered 401."]);
  });

  it("reports silence and an early end as not checked, but still finds a loss", () => {
    const ended = "the upstream ended it";
    assert.deepEqual(check([], stored(1)).result, "not checked");
    assert.deepEqual(
      [check(observedEvents(1, 2), stored(1, 2), { ended })].map(({ result, detail }) => [result, detail]),
      [["not checked", "2 received, 0 missing; it ended early: the upstream ended it"]],
    );
    assert.equal(check(observedEvents(1, 2, 3), stored(1, 3), { ended }).result, "failed");
  });

  it("removes escape sequences of an event from the output", () => {
    const events = observedEvents(1, 2, 3).map((event) => ({ ...event, beginning: "\u001b[31mred" }));
    assert.match(check(events, stored(1, 3)).detail, /\\u001b\[31mred$/);
  });
});
