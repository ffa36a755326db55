import assert from "node:assert/strict";
import { handler } from "../../examples/guide/each-batch";
import { prices } from "../../examples/guide/price";
import { testProcessor } from "../../runtime/testing";
import "../../examples/guide/processor.spec";

describe("the guide's processor of batches", () => {
  it("stores the prices of a batch, and an event that is not a price as a failure", async () => {
    const price = { instrument: "EUR_USD", price: 2 };
    const { failures } = await testProcessor(handler, [
      { key: "a", data: price },
      { data: "x" },
      { key: "b", data: price },
    ]);
    assert.deepEqual([prices.rows.get("a"), prices.rows.get("b")], [price, price]);
    assert.equal(failures.length, 1);
  });
});
