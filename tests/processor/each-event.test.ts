import assert from "node:assert/strict";
import { zstdCompressSync } from "node:zlib";
import { eachEvent, redriveBatch, type StreamEvent } from "../../runtime/processor";
import { StreamError } from "../../runtime/support/errors";
import { settle } from "../fakes/fake-clock";
import { fakePorts, record, run } from "./builders";

const nothingAgain = { batchItemFailures: [] };

describe("eachEvent", () => {
  it("hands over every field of an event", async () => {
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
        json: { n: 1 },
      },
    );
  });

  it("leaves out repeats and expiries, even where the mapping's filter lets them through", async () => {
    const keys: string[] = [];
    const records = [record(1), { ...record(2), eventName: "MODIFY" }, { ...record(3), eventName: "REMOVE" }];
    assert.deepEqual(
      await run(
        eachEvent(({ key }) => keys.push(key)),
        records,
        fakePorts(),
      ),
      nothingAgain,
    );
    assert.deepEqual(keys, ["k1"]);
  });

  it("decompresses text and bytes, and tells bytes that are no UTF-8", async () => {
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

  it("fetches data that was too large for its item, and parks an event whose object is gone", async () => {
    const surroundings = fakePorts();
    surroundings.objects.set("oversize/s/k1", "large");
    const seen: string[] = [];
    const at = (pointer: string) => ({ d: undefined, p: { S: pointer } });
    await run(
      eachEvent(({ data }) => seen.push(data)),
      [record(1, { image: at("oversize/s/k1") }), record(2, { image: at("oversize/s/k2") })],
      surroundings,
    );
    assert.deepEqual(seen, ["large"]);
    assert.equal(surroundings.failure("s", "k2").error.code, "EVENT_INVALID");
    assert.deepEqual(surroundings.failure("s", "k2").record.dynamodb.NewImage.p, { S: "oversize/s/k2" });
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

  it("works on `concurrency` streams at a time and never on two events of one stream", async () => {
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
    const surroundings = fakePorts();
    await run(handler, records, surroundings);
    assert.equal(most, 2);
    assert.deepEqual(surroundings.metrics, [{ EventsProcessed: 6, ProcessorFailures: 0, ProcessorLag: 1000 }]);
  });

  it("calls a throwing handler twice more, and is content when the third try succeeds", async () => {
    const tries: number[] = [];
    const handler = eachEvent((_, { attempt }) => {
      tries.push(attempt);
      if (attempt < 3) throw new Error("not yet");
    });
    const surroundings = fakePorts();
    assert.deepEqual(await run(handler, [record(1)], surroundings), nothingAgain);
    assert.deepEqual(tries, [1, 2, 3]);
    assert.equal(surroundings.objects.size, 0);
  });

  it("waits between tries: doubled, capped, then jittered", async () => {
    const surroundings = fakePorts({ random: () => 1 });
    const { clock } = surroundings;
    const at: number[] = [];
    const handler = eachEvent(
      () => {
        at.push(clock.now() - 2_000);
        throw new Error("no");
      },
      { retries: 5 },
    );
    const running = run(handler, [record(1)], surroundings);
    await clock.advance(10_000);
    await running;
    assert.deepEqual(at, [0, 200, 600, 1_400, 3_000, 5_000]);
  });

  it("parks a poison event with its payload and goes on: each neighbour runs once, nothing is delivered again", async () => {
    const keys: string[] = [];
    const handler = eachEvent(({ key }) => {
      keys.push(key);
      if (key === "k2") throw Object.assign(new Error("cannot parse"), { code: "POISON" });
    });
    const surroundings = fakePorts();
    assert.deepEqual(await run(handler, [record(1), record(2), record(3)], surroundings), nothingAgain);
    assert.deepEqual(keys, ["k1", "k2", "k2", "k2", "k3"]);
    assert.deepEqual([...surroundings.objects.keys()], ["failures/s/k2.json"]);
    assert.deepEqual(surroundings.failure("s", "k2"), {
      v: 1,
      streamId: "s",
      key: "k2",
      event: { type: "message", data: '{"n":2}', receivedAt: 1000, sequence: "1.1.2" },
      error: { code: "POISON", message: "cannot parse" },
      attempts: 3,
      at: 2000,
    });
    assert.deepEqual(surroundings.metrics, [{ EventsProcessed: 2, ProcessorFailures: 1, ProcessorLag: 1000 }]);
    assert.equal(surroundings.logs.filter(({ level }) => level === "error").length, 1);
  });

  it("parks bytes that are no UTF-8 unharmed", async () => {
    const bytes = Buffer.from([0x61, 0xff]).toString("base64");
    const surroundings = fakePorts();
    await run(
      eachEvent((event) => event.json()),
      [record(1, { image: { d: { B: bytes } } })],
      surroundings,
    );
    const { event, error, attempts } = surroundings.failure("s", "k1");
    assert.deepEqual([event.data, event.encoding, error.code, attempts], [bytes, "base64", "VALIDATION_FAILED", 1]);
  });

  it("parks a record that is no item of the event table as it was delivered", async () => {
    const broken = record(1, { image: { d: { B: "AAAA" }, e: { S: "zstd" } } });
    const surroundings = fakePorts();
    await run(
      eachEvent(() => assert.fail()),
      [broken],
      surroundings,
    );
    assert.equal(surroundings.failure("s", "k1").error.code, "EVENT_INVALID");
    assert.deepEqual(surroundings.failure("s", "k1").record, broken);
  });

  it("does not try again what says that it is final", async () => {
    let tries = 0;
    const handler = eachEvent(() => {
      tries++;
      throw new StreamError("CONFIG_INVALID", "never", { retryable: false });
    });
    await run(handler, [record(1)], fakePorts());
    assert.equal(tries, 1);
  });

  it("asks for an event again that could not be parked, after handling its neighbours", async () => {
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
    assert.deepEqual(
      batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
      ["1002"],
    );
    assert.deepEqual(keys, ["k1", "k3"]);
  });

  it("answers the failures of a redrive and does not park them", async () => {
    const surroundings = fakePorts();
    const broken = eachEvent(() => {
      throw new Error("still broken");
    });
    await run(broken, [record(1)], surroundings);
    const { Records } = redriveBatch(surroundings.failure("s", "k1"));
    surroundings.objects.clear();
    assert.deepEqual(await run(broken, Records, surroundings), {
      batchItemFailures: [{ itemIdentifier: "1", error: { code: "Error", message: "still broken" } }],
    });
    assert.equal(surroundings.objects.size, 0);
  });

  it("refuses options out of range by name", () => {
    assert.throws(() => eachEvent(() => {}, { concurrency: 0 }), {
      code: "CONFIG_INVALID",
      message: "Expected option `concurrency` to be an integer 1..1000, got 0",
    });
    assert.throws(() => eachEvent(() => {}, { retries: 11 }), { code: "CONFIG_INVALID" });
  });

  describe("near the timeout", () => {
    it("aborts the signal, starts nothing more, and asks for the rest again", async () => {
      const surroundings = fakePorts();
      const { clock } = surroundings;
      const keys: string[] = [];
      const handler = eachEvent(async ({ key }, { signal }) => {
        keys.push(key);
        await clock.sleep(20_000, signal);
      });
      const running = run(
        handler,
        [1, 2, 3].map((n) => record(n)),
        surroundings,
      );
      await clock.advance(27_000);
      assert.deepEqual(keys, ["k1", "k2"]);
      assert.deepEqual(
        (await running).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
        ["1003"],
      );
    });

    it("parks an event that had most of the time and did not finish", async () => {
      const surroundings = fakePorts();
      const running = run(
        eachEvent(() => new Promise(() => {})),
        [record(1), record(2)],
        surroundings,
      );
      await surroundings.clock.advance(28_500);
      assert.deepEqual(
        (await running).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
        ["1002"],
      );
      assert.equal(surroundings.failure("s", "k1").error.code, "PROCESSOR_TIMEOUT");
    });

    it("asks for an interrupted event again that had begun late, so that it comes back with all the time", async () => {
      const surroundings = fakePorts();
      const { clock } = surroundings;
      const handler = eachEvent(async ({ key }, { signal }) => {
        await clock.sleep(key === "k1" ? 20_000 : 15_000, signal);
        signal.throwIfAborted();
      });
      const running = run(handler, [record(1), record(2)], surroundings);
      await clock.advance(27_000);
      assert.deepEqual(
        (await running).batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
        ["1002"],
      );
      assert.equal(surroundings.objects.size, 0);
    });

    it("leaves no timer behind", async () => {
      const surroundings = fakePorts();
      let signal: AbortSignal | undefined;
      await run(
        eachEvent((_, context) => {
          signal = context.signal;
        }),
        [record(1)],
        surroundings,
      );
      await surroundings.clock.advance(60_000);
      assert.equal(signal?.aborted, false);
    });
  });
});
