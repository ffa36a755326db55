import assert from "node:assert/strict";
import type { StandardSchemaV1 } from "@standard-schema/spec";
import { eachBatch } from "pulumi-stream-ingestion/processor";
import { fakePorts, reasonWithoutStack, record, run } from "./builders";

const numbered = (count: number) => Array.from({ length: count }, (_, index) => record(index + 1));

describe("eachBatch", () => {
  it("passes a batch in one call, each stream's events by sequence", async () => {
    const calls: string[][] = [];
    const records = [record(2), record(1, { streamId: "t" }), record(1)];
    await run(
      eachBatch((events) => calls.push(events.map(({ streamId, key }) => streamId + key))),
      records,
      fakePorts(),
    );
    assert.deepEqual(calls, [["sk1", "sk2", "tk1"]]);
  });

  it("is not called for a batch without new events", async () => {
    const fakes = fakePorts();
    await run(
      eachBatch(() => assert.fail()),
      [{ ...record(1), eventName: "MODIFY" }],
      fakes,
    );
    assert.deepEqual(fakes.metrics, []);
  });

  it("halves a failing batch until the failing event is alone, stores that failure, and handles all others", async () => {
    const handled = new Set<string>();
    let calls = 0;
    const handler = eachBatch((events) => {
      calls++;
      if (events.some(({ key }) => key === "k6")) throw new Error("poison");
      for (const { key } of events) handled.add(key);
    });
    const fakes = fakePorts();
    assert.deepEqual(await run(handler, numbered(8), fakes), { batchItemFailures: [] });
    assert.deepEqual([...handled].sort(), ["k1", "k2", "k3", "k4", "k5", "k7", "k8"]);
    assert.deepEqual([...fakes.objects.keys()], ["failures/s/k6.json"]);
    // 8: three tries; then 4 good, 4 bad; 2 bad; 1 good, 1 bad with three tries; 2 good.
    assert.equal(calls, 3 + 1 + 1 + 1 + 1 + 3 + 1);
  });

  it("stores an event that does not match the schema as a failure, without calling the handler", async () => {
    const calls: unknown[][] = [];
    const schema: StandardSchemaV1<unknown, { doubled: number }> = {
      "~standard": {
        version: 1,
        vendor: "test",
        validate: async (value: unknown) => {
          const { n } = value as { n: number };
          if (n === 2) return { issues: [{ message: "not two", path: ["n", { key: 0 }] }] };
          return { value: { doubled: n * 2 } };
        },
      },
    };
    const fakes = fakePorts();
    const handler = eachBatch((events) => calls.push(events.map((event) => event.json().doubled)), { schema });
    await run(handler, numbered(3), fakes);
    assert.deepEqual(calls, [[2, 6]]);
    const { error, attempts, event } = fakes.failure("s", "k2");
    assert.deepEqual(reasonWithoutStack(error), {
      code: "VALIDATION_FAILED",
      message: 'Expected event k2 of stream "s" to match the schema, got: n.0: not two',
    });
    assert.equal(attempts, 1);
    assert.equal(event.data, '{"n":2}');
  });

  it("throws when the time runs out before any event is settled, so that Lambda halves the batch", async () => {
    const fakes = fakePorts();
    const running = run(
      eachBatch(() => new Promise(() => {})),
      numbered(4),
      fakes,
    );
    const rejected = assert.rejects(running, {
      code: "PROCESSOR_TIMEOUT",
      message: /^None of the 4 events of the batch finished before the function's timeout\./,
    });
    await fakes.clock.advance(30_000);
    await rejected;
    assert.equal(fakes.objects.size, 0);
  });

  it("stores a single event that exceeds the invocation's time as a failure", async () => {
    const fakes = fakePorts();
    const running = run(
      eachBatch(() => new Promise(() => {})),
      numbered(1),
      fakes,
    );
    await fakes.clock.advance(30_000);
    assert.deepEqual(await running, { batchItemFailures: [] });
    assert.equal(fakes.failure("s", "k1").error.code, "PROCESSOR_TIMEOUT");
  });

  it("handles a batch that is delivered twice a second time, with the same keys", async () => {
    const keys: string[] = [];
    const handler = eachBatch((events) => keys.push(...events.map(({ key }) => key)));
    for (let delivery = 0; delivery < 2; delivery++) await run(handler, numbered(2), fakePorts());
    assert.deepEqual(keys, ["k1", "k2", "k1", "k2"]);
  });
});
