import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { decodeItem, type EventToStore, encodeItem, units } from "../../runtime/data/item";
import { compareSequence } from "../../runtime/data/sequence";

function event(data: string | Buffer, more: Partial<EventToStore> = {}): EventToStore {
  return {
    streamId: "prices",
    key: "qW22iQNnqLwEmEFQG6Gwqw",
    type: "message",
    id: "",
    data,
    dataBytes: Buffer.byteLength(data),
    receivedAt: 1_795_544_623_185,
    sequence: "3.1.5",
    ...more,
  };
}

/** Size by DynamoDB's rules, counted from the attributes. */
function itemBytes(attributes: Record<string, { S?: string; N?: string; B?: string }>): number {
  return Object.entries(attributes).reduce((sum, [name, { S, N, B }]) => {
    const value =
      S !== undefined
        ? Buffer.byteLength(S)
        : B !== undefined
          ? Buffer.from(B, "base64").length
          : Math.ceil((N ?? "").length / 2) + 1;
    return sum + name.length + value;
  }, 0);
}

describe("item codec", () => {
  it("decodes every event to what was encoded", () => {
    const data = fc.oneof(
      fc.string({ unit: "binary", maxLength: 3000 }),
      fc.uint8Array({ maxLength: 3000 }).map((bytes) => Buffer.from(bytes)),
    );
    const text = fc.string({ unit: "binary" });
    fc.assert(
      fc.property(data, text, text, fc.constantFrom(1, 4, 16), (data, type, id, slices) => {
        const encoded = encodeItem(event(data, { type, id }), 604_800, slices);
        const decoded = decodeItem(JSON.parse(encoded.json));
        assert.deepEqual(decoded, {
          streamId: "prices",
          key: "qW22iQNnqLwEmEFQG6Gwqw",
          type: type === "" ? "message" : type,
          ...(id === "" ? {} : { id }),
          data,
          receivedAt: 1_795_544_623_185,
          sequence: "3.1.5",
        });
      }),
    );
  });

  it("counts at least the bytes that DynamoDB counts, and at most 12 more", () => {
    for (const data of ["x", "é".repeat(400), "x".repeat(5000), Buffer.from([255, 254])]) {
      const { json, bytes } = encodeItem(event(data, { type: "price", id: "é7" }), 604_800, 4);
      const exact = itemBytes(JSON.parse(json));
      assert.ok(bytes >= exact && bytes <= exact + 12, `${bytes} for ${exact}`);
    }
  });

  it("compresses only data that then costs fewer write units", () => {
    const small = encodeItem(event("x".repeat(600)), 1, 1);
    const repetitive = encodeItem(event("price ".repeat(1_000)), 1, 1);
    const noise = encodeItem(event(randomBytes(2_000)), 1, 1);
    assert.ok(!("e" in JSON.parse(small.json)));
    assert.equal(JSON.parse(repetitive.json).e.S, "zstd");
    assert.equal(units(repetitive.bytes), 1);
    assert.ok(!("e" in JSON.parse(noise.json)));
  });

  it("points to the bucket only when the compressed item exceeds 400 KB", () => {
    const noise = randomBytes(500_000);
    const item = encodeItem(event(noise), 1, 1);
    assert.deepEqual(item.oversize, { key: "oversize/prices/qW22iQNnqLwEmEFQG6Gwqw", bytes: noise });
    const { pointer, data } = decodeItem(JSON.parse(item.json));
    assert.deepEqual([pointer, data], [item.oversize!.key, undefined]);
    assert.equal(encodeItem(event("a".repeat(900_000)), 1, 1).oversize, undefined);
  });

  it("spreads keys over slices and removes the slice from the decoded stream id", () => {
    const partitions = new Set<string>();
    for (let i = 0; i < 500; i++) {
      const attributes = JSON.parse(encodeItem(event("x", { key: `${i}` }), 1, 16).json);
      partitions.add(attributes.streamId.S);
      assert.equal(decodeItem(attributes).streamId, "prices");
    }
    assert.equal(partitions.size, 16);
  });
});

describe("compareSequence", () => {
  it("orders numbers, not text", () => {
    const sorted = ["2.1.9", "2.1.10", "2.2.1", "10.1.1"];
    assert.deepEqual([...sorted].reverse().sort(compareSequence), sorted);
    assert.equal(compareSequence("1.1.1", "1.1.1"), 0);
  });
});
