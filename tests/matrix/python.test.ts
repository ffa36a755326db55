import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { processorCode } from "../../components/processor-code";
import { processorSettings } from "../../components/processor-settings";
import { pythonFor } from "../../local/services/lambda/python";
import { contentKey } from "../../runtime/data/identity";
import { decodeItem, encodeItem, type StoredEvent } from "../../runtime/data/item";
import { decodePack, encodePack } from "../../runtime/data/pack";
import type { BatchResponse } from "../../runtime/processor/lambda";
import { type CloudFixture, startFixture } from "../local/cloud-fixture";
import { filesOf } from "./assets";

const SAMPLES = join(__dirname, "../../../shared/data");
const architecture = process.arch === "x64" ? "x86_64" : "arm64";

/** The same items through both decoders. With Python before 3.14, pip installs the zstd that a deployment adds. */
describe("a Python processor", function () {
  this.timeout(120_000);
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

  it("decodes packs as a TypeScript processor does, and reports a pack once when one of its events fails", async () => {
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
    const { batchItemFailures } = (await invoke({ fail: true, Records: records.slice(0, 1) })) as BatchResponse;
    assert.deepEqual(batchItemFailures, [{ itemIdentifier: "0" }]);
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

  it("reports the first event that fails and what is not handled, in sequence, and what cannot be decoded", async () => {
    const [first, second, third, damaged] = ["third", "fails", "first", "x".repeat(5_000)].map((data, index) =>
      record(data, index + 1),
    );
    first!.dynamodb.NewImage.q.S = "1.1.10";
    second!.dynamodb.NewImage.q.S = "1.1.9";
    third!.dynamodb.NewImage.q.S = "1.1.1";
    damaged!.dynamodb.NewImage.d.B = Buffer.from("not zstd").toString("base64");
    const { batchItemFailures } = (await invoke({ fail: true, Records: [first, second, third, damaged] })) as {
      batchItemFailures: { itemIdentifier: string }[];
    };
    assert.deepEqual(
      batchItemFailures.map(({ itemIdentifier }) => itemIdentifier),
      ["4", "2", "1"],
    );
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
