import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { processorCode } from "../../components/processor-code";
import { processorSettings } from "../../components/processor-settings";
import { pythonFor } from "../../local/services/lambda/python";
import { contentKey } from "../../runtime/data/identity";
import { decodeItem, encodeItem, type StoredEvent } from "../../runtime/data/item";
import { decodePack, encodePack } from "../../runtime/data/pack";
import { type FailureReason, failureObjectKey } from "../../runtime/processor/failure";
import { readFailureObject } from "../../runtime/processor/failure-object";
import { type CloudFixture, startFixture } from "../local/cloud-fixture";
import { filesOf } from "./assets";

const SAMPLES = join(__dirname, "../../../shared/data");
const architecture = process.arch === "x64" ? "x86_64" : "arm64";

/** What `each_event` answered, and what it did. */
interface Each {
  readonly answer: { readonly batchItemFailures: readonly { itemIdentifier: string; error?: FailureReason }[] };
  readonly handled: readonly string[];
  readonly objects: Readonly<Record<string, string>>;
}

/** The same items through both decoders. With Python before 3.14, pip installs the zstd that a deployment adds. */
describe("a Python processor", () => {
  let fixture: CloudFixture;
  let target: string;
  before(async () => {
    const runtime = `python${pythonFor("python3").version}`;
    const args = { entry: join(__dirname, "python/processor.py"), runtime, architecture } as const;
    const { archive, handler } = processorCode(args, processorSettings(args), () => {})!;
    fixture = await startFixture();
    const inputs = { code: await filesOf(archive), handler, runtime, timeout: 60, memorySize: 1024 };
    target = (await fixture.createFunction("python", "", { inputs })).id!;
  });
  after(() => fixture.cloud.close());

  async function invoke(payload: object): Promise<unknown> {
    const result = await fixture.cloud.functions.invoke({ target, payload: JSON.stringify(payload), caller: "test" });
    assert.equal(result.phase, "end", result.payload);
    return JSON.parse(result.payload);
  }

  /** A record of an event as the relay stores it. */
  function record(data: string | Buffer, index: number, slices = 1) {
    const dataBytes = Buffer.byteLength(data);
    const [type, id] = index % 2 === 0 ? ["message", ""] : ["price", `id-${index} ü`];
    const common = { streamId: "prices", key: `key-${index}`, receivedAt: 1_790_000_000_000 + index };
    const { json } = encodeItem({ ...common, type, id, data, dataBytes, sequence: `1.1.${index}` }, 60, slices);
    const NewImage = JSON.parse(json);
    return { eventID: `${index}`, eventName: "INSERT", dynamodb: { SequenceNumber: `${index}`, NewImage } };
  }

  /** What the processor reports, of an event as the other decoder reads it. */
  function reported({
    data = "",
    pointer,
    id = null as string | null,
    ...event
  }: Omit<StoredEvent, "id"> & { id?: string | null }) {
    const bytes = Buffer.from(data);
    const text = typeof data === "string" ? data : null;
    return { ...event, id, base64: bytes.toString("base64"), text };
  }

  async function decodesAlike(events: readonly (string | Buffer)[], slices?: number) {
    const records = events.map((data, index) => record(data, index, slices));
    const expected = records.map(({ dynamodb }) => reported(decodeItem(dynamodb.NewImage)));
    assert.deepEqual(await invoke({ Records: records }), JSON.parse(JSON.stringify(expected)));
  }

  it("decodes text, bytes, compressed text and compressed bytes as a TypeScript processor does", async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xc3, 0x28]);
    const events = [
      "",
      '{"bid":1.5}',
      "ü€😀",
      "x".repeat(5_000),
      "😀".repeat(2_000),
      bytes,
      Buffer.alloc(4_000, bytes),
    ];
    const encodings = events.map((data, index) => record(data, index).dynamodb.NewImage.e?.S);
    assert.deepEqual(encodings, [undefined, undefined, undefined, "zstd", "zstd", undefined, "zstd-binary"]);
    await decodesAlike(events);
    await decodesAlike(events, 16);
  });

  it("decodes packs as a TypeScript processor does, and stores an event of a pack that fails", async () => {
    const place = { streamId: "prices", generation: 3, connection: 2, nonce: "k3", ttlSeconds: 60 };
    const events = ["up", "ü€😀", "up", Buffer.from([0xff, 0x00, 0xc3]), "fails", ""].map((data, n) => ({
      key: contentKey(data, n === 2 ? "price" : "message"),
      type: n === 2 ? "price" : "message",
      id: n === 0 ? "" : `id-${n >> 1} ü`,
      data,
      receivedAt: 1_790_000_000_000 + n * n,
      counter: 5 + n * 2,
    }));
    const recordOf = (pack: { json: string }, index: number) => {
      const NewImage = JSON.parse(pack.json);
      return { eventID: `${index}`, eventName: "INSERT", dynamodb: { SequenceNumber: `${index}`, NewImage } };
    };
    const records = [true, false].map((contentKeys, n) => recordOf(encodePack(events, { ...place, contentKeys }), n));
    const expected = records.flatMap(({ dynamodb }) => decodePack(dynamodb.NewImage).map(reported));
    assert.deepEqual(await invoke({ Records: records }), JSON.parse(JSON.stringify(expected)));
    const failing = { Records: records.slice(0, 1) };
    const stored = (await invoke({ each: {}, ...failing })) as Each;
    assert.deepEqual(stored.answer.batchItemFailures, []);
    const [[name, text] = ["", ""], ...others] = Object.entries(stored.objects);
    const [failure] = readFailureObject(text);
    assert.deepEqual([failure!.event?.data, failure!.event?.packed, others], ["fails", true, []]);
    assert.equal(name, failureObjectKey(failure!));
    const refused = (await invoke({ each: { refuses: true, times: [10_000, 10_000, 10_000] }, ...failing })) as Each;
    assert.deepEqual(refused.answer.batchItemFailures, [{ itemIdentifier: "0" }]);
  });

  it("reads data too large for an item from the bucket", async () => {
    const large = record("x", 0);
    delete large.dynamodb.NewImage.d;
    large.dynamodb.NewImage.p = { S: "oversize/large" };
    const [event] = (await invoke({ Records: [large] })) as { text: string }[];
    assert.equal(event?.text, "from the bucket");
  });

  it("passes over repeats and expiries", async () => {
    const others = ["MODIFY", "REMOVE"].map((eventName) => ({ ...record("x", 0), eventName }));
    assert.deepEqual(await invoke({ Records: others }), []);
  });

  describe("with each_event", () => {
    const each = (records: readonly object[], options: { refuses?: boolean; times?: readonly number[] } = {}) =>
      invoke({ each: options, Records: records }) as Promise<Each>;
    const records = (...data: string[]) => data.map((text, index) => record(text, index + 1));

    it("handles a stream's events in sequence, and retries in place", async () => {
      const [first, second] = records("later", "fails once");
      first!.dynamodb.NewImage.q.S = "1.1.10";
      second!.dynamodb.NewImage.q.S = "1.1.9";
      assert.deepEqual(await each([first!, second!]), {
        answer: { batchItemFailures: [] },
        handled: ["fails once", "fails once", "later"],
        objects: {},
      });
    });

    it("stores an event that fails, as the command line reads it, and handles the others", async () => {
      const { answer, handled, objects } = await each(records("fails", "a", "final", "b"));
      assert.deepEqual(answer.batchItemFailures, []);
      assert.deepEqual(handled, ["fails", "fails", "a", "final", "b"]);
      assert.deepEqual(
        Object.keys(objects),
        [1, 3].map((index) => failureObjectKey({ streamId: "prices", key: `key-${index}` })),
      );
      const [first, second] = Object.values(objects).flatMap((text) => readFailureObject(text));
      const { stack = "", ...error } = first!.error;
      assert.deepEqual(error, { code: "RuntimeError", message: "it fails" });
      assert.match(stack, /processor\.py", line \d+, in handle/);
      assert.deepEqual(first!.event, {
        ...{ type: "price", id: "id-1 ü", data: "fails", receivedAt: 1_790_000_000_001, sequence: "1.1.1" },
      });
      assert.deepEqual([first!.attempts, second!.attempts, second!.error.code], [2, 1, "NO_SUCH_PRICE"]);
    });

    it("stores the record of an event that it cannot decode, without retries", async () => {
      const [damaged] = records("x".repeat(5_000));
      damaged!.dynamodb.NewImage.d.B = Buffer.from("not zstd").toString("base64");
      const { answer, objects } = await each([damaged!]);
      const [failure] = Object.values(objects).flatMap((text) => readFailureObject(text));
      assert.deepEqual([answer.batchItemFailures, failure!.attempts, failure!.error.code], [[], 1, "EVENT_INVALID"]);
      assert.deepEqual(failure!.record, damaged);
    });

    it("reports an event to Lambda when the bucket refuses its failure", async () => {
      const { answer } = await each(records("fails", "a"), { refuses: true });
      assert.deepEqual(answer.batchItemFailures, [{ itemIdentifier: "1" }]);
    });

    it("reports the events that it has no time for, and throws if these are all, so that Lambda halves the batch", async () => {
      // The start, then before and after the first event, and none left.
      const { answer, handled } = await each(records("a", "b", "c"), { times: [10_000, 10_000, 10_000] });
      assert.deepEqual(handled, ["a"]);
      assert.deepEqual(
        answer.batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
        ["2", "3"],
      );
      assert.match(
        String((await each(records("a", "b"), { times: [10_000] })).answer),
        /^None of the 2 events of the batch was settled\. Increase/,
      );
    });

    it("returns the error of a redriven event and leaves its failure object alone", async () => {
      const [one] = records("fails");
      const { answer, objects } = await each([{ ...one, eventSource: "stream-ingestion:redrive" }]);
      assert.deepEqual([answer.batchItemFailures[0]?.error?.code, objects], ["RuntimeError", {}]);
    });
  });

  if (!existsSync(SAMPLES)) it.skip("decodes the recorded streams (the sample data folder is absent)", () => {});
  else
    for (const file of readdirSync(join(SAMPLES, "ndjson")))
      it(`decodes ${file}`, async () => {
        const lines = readFileSync(join(SAMPLES, "ndjson", file))
          .toString()
          .split(/\r?\n/)
          .slice(0, 2_000);
        // Ten lines each are large enough to be compressed.
        const packs = lines.flatMap((_, index) =>
          index % 10 === 0 ? [lines.slice(index, index + 10).join("\n")] : [],
        );
        await decodesAlike([...lines, ...packs].filter((line) => line !== ""));
      });
});
