import assert from "node:assert/strict";
import { redriveBatch } from "pulumi-stream-ingestion/internal";
import { eachBatch, eachEvent, type StreamEvent, type StreamRecord } from "pulumi-stream-ingestion/processor";
import { contentKey } from "../../runtime/data/identity";
import { encodePack } from "../../runtime/data/pack";
import { readFailureObject } from "../../runtime/processor/failure-object";
import { settle } from "../fakes/fake-clock";
import { fakePorts, record, run } from "./builders";

/** A record of a pack whose first event has the number `first`. */
function pack(first: number, data: readonly string[], streamId = "s"): StreamRecord {
  const place = { streamId, generation: 1, connection: 1, nonce: "n", ttlSeconds: 60, contentKeys: true };
  const events = data.map((data, n) => ({
    key: contentKey(data, "message"),
    type: "message",
    id: "",
    data,
    receivedAt: 1000 + n,
    counter: first + n,
  }));
  const NewImage = JSON.parse(encodePack(events, place).json);
  const Keys = { streamId: NewImage.streamId, key: NewImage.key };
  const dynamodb = { SequenceNumber: `${1000 + first}`, Keys, NewImage };
  return { eventID: `id-${first}`, eventName: "INSERT", dynamodb };
}

const progressObjects = ({ objects }: ReturnType<typeof fakePorts>) =>
  [...objects].filter(([key]) => key.startsWith("progress/")).map(([, body]) => JSON.parse(body));

describe("packs at the processor", () => {
  it("are passed event by event, in order, and repeats within a connection are kept", async () => {
    const seen: StreamEvent[] = [];
    const fakes = fakePorts();
    const handler = eachEvent((event) => seen.push(event));
    await run(handler, [pack(4, ["up", "down"]), pack(1, ["up", "down", "up"])], fakes);
    assert.deepEqual(
      seen.map(({ data, sequence }) => `${sequence} ${data}`),
      ["1.1.1 up", "1.1.2 down", "1.1.3 up", "1.1.4 up", "1.1.5 down"],
    );
    assert.equal(seen[0]!.key, contentKey("up", "message"));
    assert.deepEqual(fakes.metrics, [{ EventsProcessed: 5, ProcessorFailures: 0, ProcessorLag: 1000 }]);
  });

  it("can be in one batch with single events", async () => {
    const seen: string[] = [];
    const handler = eachBatch((events) => seen.push(...events.map(({ sequence }) => sequence)));
    await run(handler, [record(9), pack(1, ["a", "b"])], fakePorts());
    assert.deepEqual(seen, ["1.1.1", "1.1.2", "1.1.9"]);
  });

  it("store a failing event alone, each with its own object although the keys are equal", async () => {
    const fakes = fakePorts();
    const handler = eachEvent(({ data }) => {
      if (data === "bad") throw new Error("no");
    });
    const answer = await run(handler, [pack(1, ["bad", "good", "bad"])], fakes);
    assert.deepEqual(answer, { batchItemFailures: [] });
    const failures = [...fakes.objects.values()].map((body) => JSON.parse(body));
    assert.deepEqual(
      failures.map(({ key, event, record }) => [key, event.data, event.sequence, record]),
      ["1.1.1", "1.1.3"].map((sequence) => [contentKey("bad", "message"), "bad", sequence, undefined]),
    );
    const redriven: StreamEvent[] = [];
    for (const failure of failures)
      await run(
        eachEvent((event) => redriven.push(event)),
        redriveBatch(failure).Records,
        fakes,
      );
    assert.deepEqual(
      redriven.map(({ key, data, sequence }) => [key, data, sequence]),
      failures.map(({ key, event }) => [key, "bad", event.sequence]),
    );
  });

  it("are split into their events when Lambda stored the record", () => {
    const object = JSON.stringify({
      requestContext: { condition: "RetryAttemptsExhausted" },
      timestamp: "2026-11-24T18:00:00Z",
      payload: { Records: [pack(1, ["a", "b"])] },
    });
    const failures = readFailureObject(object);
    assert.deepEqual(
      failures.map(({ key, event, record }) => [key, event?.sequence, event?.packed, record]),
      [
        [contentKey("a", "message"), "1.1.1", true, undefined],
        [contentKey("b", "message"), "1.1.2", true, undefined],
      ],
    );
  });

  it("that are corrupt are one failure with the record, under the pack's key", async () => {
    const fakes = fakePorts();
    const corrupt = pack(1, ["a", "b"]);
    const { NewImage, Keys } = corrupt.dynamodb!;
    const broken = { ...corrupt, dynamodb: { ...corrupt.dynamodb, NewImage: { ...NewImage, n: { N: "7" } } } };
    await run(
      eachEvent(() => {}),
      [broken],
      fakes,
    );
    const stored = fakes.failure("s", encodeURIComponent(Keys!.key!.S!));
    assert.equal(stored.error.code, "EVENT_INVALID");
    assert.match(stored.error.message, / Pack p#0+1#0+1#0+1#n is incomplete: 2 events/);
    assert.deepEqual(stored.record, broken);
  });

  it("continue where the time ended: done events are handled once, and the next pack from its beginning", async () => {
    const fakes = fakePorts();
    const seen: string[] = [];
    let blocks = true;
    const handler = eachEvent(({ data }) => {
      if (data === "c" && blocks) return new Promise(() => {});
      seen.push(data);
      return fakes.clock.sleep(8_000);
    });
    const records = [pack(1, ["a", "b", "c", "d"]), pack(5, ["e"])];
    const first = run(handler, records, fakes);
    for (let second = 0; second < 30; second++) await fakes.clock.advance(1_000);
    assert.deepEqual(await first, {
      batchItemFailures: [{ itemIdentifier: "1001" }, { itemIdentifier: "1005" }],
    });
    assert.deepEqual(progressObjects(fakes), [{ done: { "s/p#000000000001#000000000001#000000000001#n": [0, 1] } }]);

    blocks = false;
    const second = run(handler, records, fakes);
    for (let second = 0; second < 30; second++) await fakes.clock.advance(1_000);
    assert.deepEqual(await second, { batchItemFailures: [] });
    assert.deepEqual(seen, ["a", "b", "c", "d", "e"]);
  });

  it("are handled again when the progress cannot be stored or read", async () => {
    const fakes = fakePorts({ bucketDown: true });
    const seen: string[] = [];
    const handler = eachEvent(({ data }) => {
      seen.push(data);
      return fakes.clock.sleep(20_000);
    });
    const records = [pack(1, ["a", "b"])];
    for (let delivery = 1; delivery <= 2; delivery++) {
      const running = run(handler, records, fakes);
      for (let second = 0; second < 30; second++) await fakes.clock.advance(1_000);
      assert.deepEqual(await running, { batchItemFailures: [{ itemIdentifier: "1001" }] });
    }
    assert.deepEqual(seen, ["a", "b", "a", "b"]);
    assert.match(fakes.logs.map(({ message }) => message).join(), /Storing the progress of a pack failed/);
  });

  it("get shorter calls of eachBatch after one that did not finish", async () => {
    const fakes = fakePorts();
    const calls: number[] = [];
    // 8 s per event: four events take longer than the function's timeout.
    const handler = eachBatch((events) => {
      calls.push(events.length);
      return fakes.clock.sleep(8_000 * events.length);
    });
    const records = [pack(1, ["a", "b", "c", "d"])];
    const answers = [];
    for (let delivery = 1; delivery <= 3; delivery++) {
      const running = run(handler, records, fakes);
      for (let second = 0; second < 30; second++) await fakes.clock.advance(1_000);
      answers.push((await running).batchItemFailures.length);
    }
    assert.deepEqual(answers, [1, 1, 0]);
    assert.deepEqual(calls, [4, 2, 2, 1, 1]);
  });

  it("are limited by `maxEvents` in a call of eachBatch", async () => {
    const calls: string[][] = [];
    const handler = eachBatch((events) => calls.push(events.map(({ data }) => data)), { maxEvents: 2 });
    await run(handler, [pack(1, ["a", "b", "c"]), pack(4, ["d"])], fakePorts());
    assert.deepEqual(calls, [
      ["a", "b"],
      ["c", "d"],
    ]);
    assert.throws(() => eachBatch(() => {}, { maxEvents: 0 }), {
      code: "CONFIG_INVALID",
      message: "Expected option `maxEvents` to be an integer 1..100000, got 0.",
    });
    await settle();
  });
});
