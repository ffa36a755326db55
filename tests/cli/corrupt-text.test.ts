import assert from "node:assert/strict";
import { corruptText } from "../../cli/corrupt-text";
import { readableEvents } from "../../runtime/data/stored-events";

/** What is printed about a pack without data, with this `r`. */
function textOf(receivedAt: string | undefined): string | undefined {
  let text: string | undefined;
  const pack = { streamId: { S: "s#1" }, key: { S: "k" }, n: { N: "2" } };
  readableEvents(receivedAt === undefined ? pack : { ...pack, r: { N: receivedAt } }, (item) => {
    text = corruptText(item);
  });
  return text;
}

describe("what a command prints about a corrupt item", () => {
  it("has the time when it was received", () => {
    assert.match(textOf("0")!, /^s k, received at 1970-01-01T00:00:00\.000Z, cannot be read, and none of its events: /);
  });

  it("has no time when the item has none, or one out of range", () => {
    for (const receivedAt of [undefined, "1e30", "-8640000000000001", "soon"])
      assert.match(textOf(receivedAt)!, /^s k, cannot be read, and none of its events: /);
  });
});
