import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { redriveBatch } from "pulumi-stream-ingestion/internal";
import { eachEvent, type StreamEvent } from "pulumi-stream-ingestion/processor";
import { StreamError } from "../../runtime/support/errors";
import { settle } from "../fakes/fake-clock";
import { fakePorts, reasonWithoutStack, record, run } from "./builders";

const noFailures = { batchItemFailures: [] };

describe("eachEvent", () => {
  it("passes every field of an event", async () => {
    const seen: StreamEvent[] = [];
    const image = { t: { S: "price" }, i: { S: "upstream-7" } };
    await run(
      eachEvent((event) => seen.push(event)),
      [record(1, { image, streamId: "EUR#3" })],
      fakePorts(),
    );
    const [event] = seen;
    assert.deepEqual(
      { ...event, json: event?.json() },
      {
        streamId: "EUR",
        key: "k1",
        type: "price",
        id: "upstream-7",
        data: '{"n":1}',
        bytes: new Uint8Array(Buffer.from('{"n":1}')),
        binary: false,
        receivedAt: 1000,
        sequence: "1.1.1",
        connection: "1.1",
        json: { n: 1 },
      },
    );
  });

  it("ignores MODIFY and REMOVE records, even without the mapping's filter", async () => {
    const keys: string[] = [];
    const records = [record(1), { ...record(2), eventName: "MODIFY" }, { ...record(3), eventName: "REMOVE" }];
    assert.deepEqual(
      await run(
        eachEvent(({ key }) => keys.push(key)),
        records,
        fakePorts(),
      ),
      noFailures,
    );
    assert.deepEqual(keys, ["k1"]);
  });

  it("decompresses text and bytes, and marks bytes that are not UTF-8 as binary", async () => {
    const bad = Buffer.from([0x7b, 0xff, 0x7d]);
    const image = (data: Buffer, encoding?: string) => ({
      d: { B: data.toString("base64") },
      ...(encoding ? { e: { S: encoding } } : {}),
    });
    const seen: [string, boolean, string][] = [];
    await run(
      eachEvent((event) => seen.push([event.data, event.binary, Buffer.from(event.bytes).toString("hex")])),
      [
        record(1, { image: image(zstdCompressSync("héllo"), "zstd") }),
        record(2, { image: image(zstdCompressSync(bad), "zstd-binary") }),
        record(3, { image: image(bad) }),
      ],
      fakePorts(),
    );
    assert.deepEqual(seen, [
      ["héllo", false, Buffer.from("héllo").toString("hex")],
      ["{\ufffd}", true, "7bff7d"],
      ["{\ufffd}", true, "7bff7d"],
    ]);
  });

  it("fetches data too large for an item, and stores a failure when the object does not exist", async () => {
    const fakes = fakePorts();
    fakes.objects.set("oversize/s/k1", "large");
    const seen: string[] = [];
    const at = (pointer: string) => ({ d: undefined, p: { S: pointer } });
    await run(
      eachEvent(({ data }) => seen.push(data)),
      [record(1, { image: at("oversize/s/k1") }), record(2, { image: at("oversize/s/k2") })],
      fakes,
    );
    assert.deepEqual(seen, ["large"]);
    assert.equal(fakes.failure("s", "k2").error.code, "EVENT_INVALID");
    assert.deepEqual(fakes.failure("s", "k2").record.dynamodb.NewImage.p, { S: "oversize/s/k2" });
  });

  it("sorts each stream of a batch by sequence, as numbers", async () => {
    const keys: string[] = [];
    const records = [record(10), record(2), record(1, { streamId: "t" }), record(9)];
    await run(
      eachEvent(({ streamId, key }) => keys.push(streamId + key)),
      records,
      fakePorts(),
    );
    assert.deepEqual(keys, ["sk2", "sk9", "sk10", "tk1"]);
  });

  it("processes `concurrency` streams at a time and never two events of one stream", async () => {
    const running = new Set<string>();
    let most = 0;
    const handler = eachEvent(
      async ({ streamId }) => {
        assert.ok(!running.has(streamId));
        running.add(streamId);
        most = Math.max(most, running.size);
        await settle();
        running.delete(streamId);
      },
      { concurrency: 2 },
    );
    const records = ["a", "b", "c"].flatMap((streamId) => [record(1, { streamId }), record(2, { streamId })]);
    const fakes = fakePorts();
    await run(handler, records, fakes);
    assert.equal(most, 2);
    assert.deepEqual(fakes.metrics, [{ EventsProcessed: 6, ProcessorFailures: 0, ProcessorLag: 1000 }]);
  });

  it("processes `concurrency` events of one stream at a time with `ordered: false`", async () => {
    let running = 0;
    let most = 0;
    const keys: string[] = [];
    const handler = eachEvent(
      async ({ key }) => {
        most = Math.max(most, ++running);
        await settle();
        running--;
        keys.push(key);
      },
      { concurrency: 3, ordered: false },
    );
    const records = [1, 2, 3, 4, 5].map((n) => record(n));
    assert.deepEqual(await run(handler, records, fakePorts()), noFailures);
    assert.equal(most, 3);
    assert.deepEqual(keys.sort(), ["k1", "k2", "k3", "k4", "k5"]);
  });

  it("retries a throwing handler twice, and stores no failure when the third attempt succeeds", async () => {
    const tries: number[] = [];
    const handler = eachEvent((_, { attempt }) => {
      tries.push(attempt);
      if (attempt < 3) throw new Error("not yet");
    });
    const fakes = fakePorts();
    assert.deepEqual(await run(handler, [record(1)], fakes), noFailures);
    assert.deepEqual(tries, [1, 2, 3]);
    assert.equal(fakes.objects.size, 0);
  });

  it("doubles the wait between attempts, caps it, then applies jitter", async () => {
    const fakes = fakePorts({ random: () => 1 });
    const { clock } = fakes;
    const at: number[] = [];
    const handler = eachEvent(
      () => {
        at.push(clock.now() - 2_000);
        throw new Error("no");
      },
      { retries: 5 },
    );
    const running = run(handler, [record(1)], fakes);
    await clock.advance(10_000);
    await running;
    assert.deepEqual(at, [0, 200, 600, 1_400, 3_000, 5_000]);
  });

  it("stores a failing event with its payload and continues: the other events run once, nothing is delivered again", async () => {
    const keys: string[] = [];
    const handler = eachEvent(({ key }) => {
      keys.push(key);
      if (key === "k2") throw Object.assign(new Error("cannot parse"), { code: "POISON" });
    });
    const fakes = fakePorts();
    assert.deepEqual(await run(handler, [record(1), record(2), record(3)], fakes), noFailures);
    assert.deepEqual(keys, ["k1", "k2", "k2", "k2", "k3"]);
    assert.deepEqual([...fakes.objects.keys()], ["failures/s/k2.json"]);
    const failure = fakes.failure("s", "k2");
    assert.deepEqual(
      { ...failure, error: reasonWithoutStack(failure.error) },
      {
        v: 1,
        streamId: "s",
        key: "k2",
        event: { type: "message", data: '{"n":2}', receivedAt: 1000, sequence: "1.1.2" },
        error: { code: "POISON", message: "cannot parse" },
        attempts: 3,
        at: 2000,
      },
    );
    assert.deepEqual(fakes.metrics, [{ EventsProcessed: 2, ProcessorFailures: 1, ProcessorLag: 1000 }]);
    assert.equal(fakes.logs.filter(({ level }) => level === "error").length, 1);
  });

  it("stores the unchanged bytes of a failed event that is not UTF-8", async () => {
    const bytes = Buffer.from([0x61, 0xff]).toString("base64");
    const fakes = fakePorts();
    await run(
      eachEvent((event) => event.json()),
      [record(1, { image: { d: { B: bytes } } })],
      fakes,
    );
    const { event, error, attempts } = fakes.failure("s", "k1");
    assert.deepEqual([event.data, event.encoding, error.code, attempts], [bytes, "base64", "VALIDATION_FAILED", 1]);
  });

  it("stores a record that is not an item of the event table as delivered", async () => {
    const broken = record(1, { image: { d: { B: "AAAA" }, e: { S: "zstd" } } });
    const fakes = fakePorts();
    await run(
      eachEvent(() => assert.fail()),
      [broken],
      fakes,
    );
    assert.equal(fakes.failure("s", "k1").error.code, "EVENT_INVALID");
    assert.deepEqual(fakes.failure("s", "k1").record, broken);
  });

  it("does not retry an error with retryable false", async () => {
    let tries = 0;
    const handler = eachEvent(() => {
      tries++;
      throw new StreamError("CONFIG_INVALID", "never", { retryable: false });
    });
    await run(handler, [record(1)], fakePorts());
    assert.equal(tries, 1);
  });

  it("requests redelivery of an event whose failure cannot be stored, after handling the other events", async () => {
    const keys: string[] = [];
    const handler = eachEvent(({ key }) => {
      if (key === "k2") throw new Error("no");
      keys.push(key);
    });
    const { batchItemFailures } = await run(
      handler,
      [1, 2, 3].map((n) => record(n)),
      fakePorts({ bucketDown: true }),
    );
    assert.deepEqual(batchItemFailures, [{ itemIdentifier: "1002" }]);
    assert.deepEqual(keys, ["k1", "k3"]);
  });

  it("returns the failures of a redrive and does not store them", async () => {
    const fakes = fakePorts();
    const broken = eachEvent(() => {
      throw new Error("still broken");
    });
    await run(broken, [record(1)], fakes);
    const { Records } = redriveBatch(fakes.failure("s", "k1"));
    fakes.objects.clear();
    const { batchItemFailures } = await run(broken, Records, fakes);
    assert.deepEqual(
      batchItemFailures.map(({ itemIdentifier, error }) => [itemIdentifier, reasonWithoutStack(error!)]),
      [["1", { code: "Error", message: "still broken" }]],
    );
    assert.equal(fakes.objects.size, 0);
  });

  it("rejects options out of range with their name", () => {
    assert.throws(() => eachEvent(() => {}, { concurrency: 0 }), {
      code: "CONFIG_INVALID",
      message: "Expected option `concurrency` to be an integer 1..1000, got 0.",
    });
    assert.throws(() => eachEvent(() => {}, { retries: 11 }), { code: "CONFIG_INVALID" });
  });

  describe("near the timeout", () => {
    it("aborts the signal, starts nothing more, and requests redelivery of the rest", async () => {
      const fakes = fakePorts();
      const { clock } = fakes;
      const keys: string[] = [];
      const handler = eachEvent(async ({ key }, { signal }) => {
        keys.push(key);
        await clock.sleep(20_000, signal);
      });
      const running = run(
        handler,
        [1, 2, 3].map((n) => record(n)),
        fakes,
      );
      await clock.advance(27_000);
      assert.deepEqual(keys, ["k1", "k2"]);
      assert.deepEqual(
        (await running).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
        ["1003"],
      );
    });

    it("stores a failure for an event that had most of the time and did not finish", async () => {
      const fakes = fakePorts();
      const running = run(
        eachEvent(() => new Promise(() => {})),
        [record(1), record(2)],
        fakes,
      );
      await fakes.clock.advance(28_500);
      assert.deepEqual(
        (await running).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
        ["1002"],
      );
      assert.equal(fakes.failure("s", "k1").error.code, "PROCESSOR_TIMEOUT");
    });

    it("requests redelivery of an interrupted event that started late, so that it gets the full time", async () => {
      const fakes = fakePorts();
      const { clock } = fakes;
      const handler = eachEvent(async ({ key }, { signal }) => {
        await clock.sleep(key === "k1" ? 20_000 : 15_000, signal);
        signal.throwIfAborted();
      });
      const running = run(handler, [record(1), record(2)], fakes);
      await clock.advance(27_000);
      assert.deepEqual(
        (await running).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
        ["1002"],
      );
      assert.equal(fakes.objects.size, 0);
    });

    it("starts no event after the deadline when handlers never wait, so that no timer runs", async () => {
      const fakes = fakePorts();
      let busyMs = 0;
      const clock = { ...fakes.clock, now: () => fakes.clock.now() + busyMs };
      const handled: string[] = [];
      const handler = eachEvent(({ key }) => {
        handled.push(key);
        busyMs += 14_000;
      });
      const { batchItemFailures } = await run(handler, [record(1), record(2), record(3)], {
        clock: fakes.clock,
        ports: { ...fakes.ports, clock },
      });
      assert.deepEqual(handled, ["k1", "k2"]);
      assert.deepEqual(
        batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
        ["1003"],
      );
    });

    it("cancels its timers", async () => {
      const fakes = fakePorts();
      let signal: AbortSignal | undefined;
      await run(
        eachEvent((_, context) => {
          signal = context.signal;
        }),
        [record(1)],
        fakes,
      );
      await fakes.clock.advance(60_000);
      assert.equal(signal?.aborted, false);
    });
  });
});
