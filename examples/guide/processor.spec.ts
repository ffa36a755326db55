import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { recordedEvents, testProcessor } from "pulumi-stream-ingestion/testing";
import { handler } from "./each-event";
import { prices } from "./price";

describe("the processor", () => {
  it("stores each price once, also when an event is delivered twice", async () => {
    const event = { key: "first", data: { instrument: "EUR_USD", price: 1.1 } };
    const { failures } = await testProcessor(handler, [event, event]);
    assert.deepEqual(failures, []);
    assert.deepEqual(prices.rows.get("first"), { instrument: "EUR_USD", price: 1.1 });
  });

  it("stores an event that is not a price as a failure", async () => {
    const { failures } = await testProcessor(handler, [{ data: "not a price" }]);
    assert.equal(failures[0]?.error.code, "VALIDATION_FAILED");
  });

  it("handles recorded events", async () => {
    const recording = readFileSync(join(__dirname, "prices.jsonl"), "utf8");
    const { failures, redelivered } = await testProcessor(handler, recordedEvents(recording));
    assert.deepEqual({ failures, redelivered }, { failures: [], redelivered: [] });
  });
});
