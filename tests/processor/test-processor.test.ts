import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { eachBatch, eachEvent } from "pulumi-stream-ingestion/processor";
import { testProcessor } from "pulumi-stream-ingestion/testing";
import { reasonWithoutStack } from "./builders";

describe("testProcessor", () => {
  it("passes JSON, text and bytes, with defaults for all other fields", async () => {
    const seen: unknown[] = [];
    const handler = eachEvent(({ streamId, key, type, data, binary, sequence }) =>
      seen.push([streamId, key, type, data, binary, sequence]),
    );
    const result = await testProcessor(handler, [
      { data: { price: 1 } },
      { data: "text", type: "note", key: "mine" },
      { data: new Uint8Array(Buffer.from("plain")) },
      { data: new Uint8Array([0xff]), streamId: "other" },
    ]);
    assert.deepEqual(seen, [
      ["test", "event-1", "message", '{"price":1}', false, "1.1.1"],
      ["test", "mine", "note", "text", false, "1.1.2"],
      ["test", "event-3", "message", "plain", false, "1.1.3"],
      ["other", "event-4", "message", "\ufffd", true, "1.1.4"],
    ]);
    assert.deepEqual(result, { failures: [], redelivered: [] });
  });

  it("passes events through compression and the bucket", async () => {
    const small = "a".repeat(100_000);
    const large = randomBytes(450_000).toString("base64");
    const lengths: number[] = [];
    await testProcessor(
      eachBatch((events) => lengths.push(...events.map(({ data }) => data.length))),
      [{ data: small }, { data: large }],
    );
    assert.deepEqual(lengths, [small.length, large.length]);
  });

  it("returns failures with their payload, also large ones", async () => {
    const large = randomBytes(450_000).toString("base64");
    const handler = eachEvent(() => {
      throw new TypeError("no");
    });
    const { failures } = await testProcessor(handler, [{ data: large }]);
    assert.equal(failures.length, 1);
    assert.equal(failures[0]?.event?.data, large);
    assert.equal(failures[0]?.event?.pointer, "oversize/test/event-1");
    assert.deepEqual(reasonWithoutStack(failures[0]!.error), { code: "TypeError", message: "no" });
  });

  it("returns the keys that a timeout leaves for redelivery", async () => {
    const handler = eachEvent(() => new Promise(() => {}));
    const { failures, redelivered } = await testProcessor(handler, [{}, {}], { timeoutMs: 50 });
    assert.equal(failures[0]?.error.code, "PROCESSOR_TIMEOUT");
    assert.deepEqual(redelivered, ["event-2"]);
  });

  it("needs no environment, and a deployed processor names a missing variable", async () => {
    const handler = eachEvent(() => {});
    const context = {
      functionName: "f",
      invokedFunctionArn: "arn",
      awsRequestId: "r",
      getRemainingTimeInMillis: () => 1_000,
    };
    await assert.rejects(async () => handler({ Records: [] }, context), {
      code: "CONFIG_INVALID",
      message: /^Expected environment variable (STREAM_INGESTION_BUCKET|AWS_REGION) to be set/,
    });
  });
});
