import assert from "node:assert/strict";
import { type Failure, readFailureObject, redriveBatch, redriveOversize } from "pulumi-stream-ingestion/internal";
import { eachEvent } from "pulumi-stream-ingestion/processor";
import { fakePorts, record, run } from "./builders";

const broken = eachEvent(() => {
  throw new Error("broken");
});

/** Makes one record fail in the real wrapper and reads the stored object. */
async function storedFailure(image: object, objects: Record<string, string> = {}): Promise<Failure> {
  const fakes = fakePorts();
  for (const [key, body] of Object.entries(objects)) fakes.objects.set(key, body);
  await run(broken, [record(1, { streamId: "s:1", image })], fakes);
  const [failure] = readFailureObject(fakes.objects.get("failures/s%3A1/k1.json")!);
  return failure!;
}

/** The events that a handler receives from a batch. */
async function seen(batch: ReturnType<typeof redriveBatch>, objects = new Map<string, string>()) {
  const events: unknown[] = [];
  const fakes = fakePorts();
  for (const [key, body] of objects) fakes.objects.set(key, body);
  const handler = eachEvent(({ streamId, key, type, id, bytes, receivedAt, sequence }) =>
    events.push({ streamId, key, type, id, bytes: Buffer.from(bytes).toString("latin1"), receivedAt, sequence }),
  );
  await run(handler, batch.Records, fakes);
  return events;
}

describe("a failure object", () => {
  for (const [what, image] of Object.entries({
    "a plain event": {},
    "an event with type and id": { t: { S: "price" }, i: { S: "7" } },
    "bytes that are not UTF-8": { d: { B: Buffer.from([0x61, 0xff]).toString("base64") } },
  }))
    it(`redrives the same event: ${what}`, async () => {
      const original = await seen({ Records: [record(1, { streamId: "s:1", image })] });
      assert.equal(original.length, 1);
      assert.deepEqual(await seen(redriveBatch(await storedFailure(image))), original);
    });

  it("contains data too large for an item, and restores it in the bucket before a redrive", async () => {
    const failure = await storedFailure({ d: undefined, p: { S: "oversize/x" } }, { "oversize/x": "large" });
    const oversize = redriveOversize(failure)!;
    assert.deepEqual([oversize.key, Buffer.from(oversize.bytes).toString()], ["oversize/x", "large"]);
    const [event] = await seen(redriveBatch(failure), new Map([["oversize/x", "large"]]));
    assert.equal((event as { bytes: string }).bytes, "large");
  });

  it("redrives a record that could not be decoded as delivered", async () => {
    const image = { e: { S: "zstd" }, d: { B: "AAAA" } };
    const [sent] = redriveBatch(await storedFailure(image)).Records;
    assert.deepEqual(sent?.dynamodb?.NewImage, record(1, { streamId: "s:1", image }).dynamodb.NewImage);
  });

  for (const [how, payload] of Object.entries({
    "as an object": (batch: object) => batch,
    "as text": (batch: object) => JSON.stringify(batch),
  }))
    it(`can be Lambda's document of a failed batch, with the payload ${how}`, async () => {
      const Records = [record(1), record(2, { streamId: "t#3" })];
      const object = {
        requestContext: { requestId: "r", condition: "RetryAttemptsExhausted", approximateInvokeCount: 6 },
        responseContext: { statusCode: 200, executedVersion: "$LATEST", functionError: "Unhandled" },
        version: "1.0",
        timestamp: "2026-11-24T18:00:00.000Z",
        DDBStreamBatchInfo: { batchSize: 2 },
        payload: payload({ Records }),
      };
      const failures = readFailureObject(JSON.stringify(object));
      assert.deepEqual(
        failures.map(({ streamId, key, event, error, attempts, at }) => ({
          streamId,
          key,
          data: event?.data,
          error,
          attempts,
          at: new Date(at).toISOString(),
        })),
        ["s", "t"].map((streamId, index) => ({
          streamId,
          key: `k${index + 1}`,
          data: `{"n":${index + 1}}`,
          error: { code: "RetryAttemptsExhausted", message: "The function ended with Unhandled" },
          attempts: 6,
          at: "2026-11-24T18:00:00.000Z",
        })),
      );
      assert.deepEqual(await seen(redriveBatch(failures[1]!)), await seen({ Records: [Records[1]!] }));
    });

  for (const text of ["", "[]", "null", '{"v":2}', '{"requestContext":{},"payload":"{"}'])
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.throws(() => readFailureObject(text), { code: "EVENT_INVALID" });
    });
});
