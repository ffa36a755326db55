import assert from "node:assert/strict";
import type { SeenItem } from "../../../cli/verify/checks";
import { type Testimony, type WitnessedEvent, witnessCheck } from "../../../cli/verify/observed-events";
import type { IdentitySettings } from "../../../runtime/contract";
import { contentKey } from "../../../runtime/data/identity";

const CONTENT: IdentitySettings = { kind: "content" };
const dataOf = (n: number) => `{"seq":${n}}`;

const witnessed = (...numbers: number[]): WitnessedEvent[] =>
  numbers.map((n) => {
    const content = contentKey(dataOf(n), "message");
    return { key: content, content, beginning: dataOf(n) };
  });

const stored = (...numbers: number[]): SeenItem[] =>
  numbers.map((n) => ({ key: `k${n}`, type: "message", id: "", data: dataOf(n), sequence: `2.1.${n}` }));

const check = (
  events: readonly WitnessedEvent[],
  items: readonly SeenItem[],
  more: Partial<Testimony> & { identity?: IdentitySettings } = {},
) => {
  const { identity = CONTENT, ...testimony } = more;
  return witnessCheck({ events, opened: true, ...testimony }, items, identity);
};

describe("witnessCheck", () => {
  it("passes when all that was seen is stored, in whatever order and under whatever key", () => {
    assert.deepEqual(check(witnessed(1, 2, 3), stored(3, 1, 2, 9)), {
      what: "everything a second connection saw is stored",
      result: "passed",
      detail: "3 seen, 0 missing",
    });
  });

  it("finds an event that was lost between two that were stored, and says which", () => {
    const { result, detail } = check(witnessed(1, 2, 3, 4), stored(1, 4));
    assert.equal(result, "missed");
    assert.equal(detail, `2 of 4 missing, the first: ${contentKey(dataOf(2), "message")} {"seq":2}`);
  });

  it("judges neither what came before the first that both saw, nor what came after the last", () => {
    const { result, detail } = check(witnessed(1, 2, 3, 4, 5), stored(3, 4));
    assert.deepEqual([result, detail], ["passed", "2 seen, 0 missing (3 more came before or after what both saw)"]);
  });

  it("takes events of one data and different types for two", () => {
    const items = stored(1, 2, 3).map((item, at) => (at === 1 ? { ...item, type: "tick" } : item));
    assert.equal(check(witnessed(1, 2, 3), items).result, "missed");
  });

  it("does not believe the key of an item that holds other data", () => {
    const [lost] = witnessed(2);
    const items = [...stored(1, 3), { ...stored(9)[0]!, key: lost!.key }];
    assert.equal(check(witnessed(1, 2, 3), items).result, "missed");
  });

  it("believes the key where the data lies in the bucket", () => {
    const [large] = witnessed(2);
    const items = [...stored(1, 3), { ...stored(9)[0]!, key: large!.key, data: "oversize/x", inBucket: true }];
    assert.equal(check(witnessed(1, 2, 3), items).result, "passed");
  });

  for (const identity of [{ kind: "sse-id" }, { kind: "pointer", pointer: "/id" }] as const) {
    it(`goes by the key under ${identity.kind}, where the table holds the last copy`, () => {
      const events = witnessed(1, 2, 3).map((event, at) => ({ ...event, key: `k${at + 1}` }));
      const rewritten = stored(1, 2, 3).map((item) => ({ ...item, data: "a later copy" }));
      assert.equal(check(events, rewritten, { identity }).result, "passed");
      assert.equal(check(events, [rewritten[0]!, rewritten[2]!], { identity }).result, "missed");
    });
  }

  it("misses when nothing that it saw is stored, and asks whether this is the upstream", () => {
    const { result, detail } = check(witnessed(1, 2), stored(7, 8));
    assert.equal(result, "missed");
    assert.match(detail, /^none of the 2 it saw is stored: is it the deployment's upstream/);
  });

  it("misses when it was not let in", () => {
    const { result, detail } = check([], stored(1), { opened: false, ended: "the upstream answered 401." });
    assert.deepEqual([result, detail], ["missed", "it was not let in: the upstream answered 401."]);
  });

  it("calls neither silence nor an early end passed, but still finds a loss", () => {
    const ended = "the upstream ended it";
    assert.deepEqual(check([], stored(1)).result, "not seen");
    assert.deepEqual(
      [check(witnessed(1, 2), stored(1, 2), { ended })].map(({ result, detail }) => [result, detail]),
      [["not seen", "2 seen, 0 missing; it ended early: the upstream ended it"]],
    );
    assert.equal(check(witnessed(1, 2, 3), stored(1, 3), { ended }).result, "missed");
  });

  it("lets no escape sequence of an event reach the terminal", () => {
    const events = witnessed(1, 2, 3).map((event) => ({ ...event, beginning: "\u001b[31mred" }));
    assert.match(check(events, stored(1, 3)).detail, /\\u001b\[31mred$/);
  });
});
