import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { contentKey } from "../../runtime/data/identity";
import { encodeItem, units } from "../../runtime/data/item";
import { type CountedEvent, decodePack, encodePack, isPack, packKey } from "../../runtime/data/pack";
import { storedEvents } from "../../runtime/data/stored-events";

const PLACE = { streamId: "prices", generation: 3, connection: 2, nonce: "k3x9", ttlSeconds: 604_800 } as const;
const SAMPLES = join(__dirname, "../../../shared/data");

function event(data: string | Buffer, counter: number, more: Partial<CountedEvent> = {}): CountedEvent {
  const type = more.type ?? "message";
  return { key: contentKey(data, type), type, id: "", data, receivedAt: 1_795_544_623_185, counter, ...more };
}

/** What a reader gets of an event. */
function read({ counter, id, type, ...one }: CountedEvent) {
  const shared = { streamId: "prices", type: type === "" ? "message" : type, ...(id !== "" && { id }) };
  return { ...one, ...shared, sequence: `3.2.${counter}` };
}

function roundTrip(events: readonly CountedEvent[], contentKeys: boolean, slice?: number) {
  return decodePack(JSON.parse(encodePack(events, { ...PLACE, contentKeys, slice }).json));
}

describe("pack codec", () => {
  const data = fc.oneof(
    fc.string({ unit: "binary", maxLength: 300 }),
    fc.constantFrom("up", "down"),
    fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from([255, ...bytes])),
  );
  const text = fc.string({ unit: "binary", maxLength: 20 });
  const step = fc.record({
    data,
    type: fc.oneof(fc.constant("message"), text),
    id: fc.oneof(fc.constant(""), text),
    skipped: fc.nat(3),
    elapsed: fc.nat(2),
  });
  const events = fc.array(step, { minLength: 1, maxLength: 40 }).map((steps) => {
    let counter = 7;
    let receivedAt = 1_795_544_623_185;
    return steps.map(({ data, type, id, skipped, elapsed }) => {
      counter += 1 + skipped;
      receivedAt += elapsed;
      return event(data, counter, { type, id, receivedAt, key: contentKey(data, type || "message") });
    });
  });

  it("decodes every event to what was encoded, with keys from the contents", () => {
    fc.assert(fc.property(events, (events) => assert.deepEqual(roundTrip(events, true), events.map(read))));
  });

  it("decodes every event to what was encoded, with stored keys and a slice", () => {
    fc.assert(
      fc.property(events, (events) => {
        const named = events.map((one, n) => ({ ...one, key: `name-${n}` }));
        assert.deepEqual(roundTrip(named, false, 3), named.map(read));
      }),
    );
  });

  it("counts at least the bytes that DynamoDB counts", () => {
    const { json, bytes, key } = encodePack([event("a", 1), event("b", 2)], { ...PLACE, contentKeys: true });
    const { n, r, l, ttl, d, ...names } = JSON.parse(json);
    assert.deepEqual(names, { streamId: { S: "prices" }, key: { S: key } });
    const numbers = [n, r, l, ttl].reduce((sum, { N }) => sum + Math.ceil(N.length / 2) + 1, "nrlttl".length);
    const counted =
      "streamIdprices".length + "key".length + key.length + numbers + 1 + Buffer.from(d.B, "base64").length;
    assert.ok(bytes >= counted && bytes <= counted + 12, `${bytes} of ${counted}`);
  });

  it("gives keys that rise with generation, connection and counter", () => {
    const place = fc.tuple(fc.nat(2_000_000_000), fc.nat(2_000), fc.nat(2_000_000_000));
    const compare = (a: readonly number[], b: readonly number[]) =>
      Math.sign(a[0]! - b[0]! || a[1]! - b[1]! || a[2]! - b[2]!);
    fc.assert(
      fc.property(place, place, (a, b) => {
        const [left, right] = [packKey(...a, "z"), packKey(...b, "z")];
        assert.equal(left < right ? -1 : left > right ? 1 : 0, compare(a, b));
      }),
    );
  });

  it("stores a single event of more than 400 KB in the bucket, with its key", () => {
    const data = Array.from({ length: 140_000 }, (_, n) => Math.imul(n, 0x9e3779b1).toString(36)).join("");
    const large = event(data, 9, { id: "x1" });
    const { json, bytes, oversize } = encodePack([large], { ...PLACE, contentKeys: true });
    assert.ok(bytes < 1024, `${bytes} bytes`);
    assert.equal(oversize?.bytes.toString(), data);
    const { data: _, ...rest } = read(large);
    assert.deepEqual(decodePack(JSON.parse(json)), [{ ...rest, pointer: oversize?.key }]);
  });

  it("refuses an item that is cut off, or whose number of events is wrong", () => {
    const item = JSON.parse(encodePack([event("a", 1), event("b", 2)], { ...PLACE, contentKeys: true }).json);
    assert.throws(() => decodePack({ ...item, n: { N: "3" } }), /Pack p#0+3#0+2#0+1#k3x9 is incomplete/);
    assert.throws(() => decodePack({ ...item, d: { B: item.d.B.slice(0, 20) } }));
    assert.throws(() => decodePack({ ...item, d: undefined }));
  });

  it("reads items of both kinds", () => {
    const { counter: _, ...plain } = event("a", 1);
    const { json } = encodeItem({ ...plain, streamId: "prices", sequence: "3.2.1", dataBytes: 1 }, 60, 1);
    assert.equal(isPack(JSON.parse(json)), false);
    assert.deepEqual(storedEvents(JSON.parse(json)), [read(event("a", 1))]);
    const pack = JSON.parse(encodePack([event("a", 1), event("b", 2)], { ...PLACE, contentKeys: true }).json);
    assert.deepEqual(storedEvents(pack), [read(event("a", 1)), read(event("b", 2))]);
  });

  it("needs at most 30 write units for 1,000 price lines of 200 bytes at 1,000 events/s, and 20 at 20,000", () => {
    const line = (n: number) =>
      JSON.stringify({
        type: "PRICE",
        time: `2026-11-24T15:${String(10 + (n >> 8)).padStart(2, "0")}:${(n % 60).toFixed(3)}Z`,
        bids: [{ price: (1.08 + ((n * 7919) % 997) / 1e5).toFixed(5), liquidity: 10_000_000 }],
        asks: [{ price: (1.09 + ((n * 104_729) % 991) / 1e5).toFixed(5), liquidity: 10_000_000 }],
        status: "tradeable",
        instrument: "EUR_USD",
      }).padEnd(200, " ");
    const unitsOf = (perPack: number) => {
      let sum = 0;
      for (let start = 0; start < 6_000; start += perPack) {
        const pack = Array.from({ length: perPack }, (_, n) => event(line(start + n), start + n + 1));
        sum += units(encodePack(pack, { ...PLACE, contentKeys: true }).bytes);
      }
      return sum / 6;
    };
    assert.ok(unitsOf(200) <= 30, `${unitsOf(200)} units in packs of 200 events, as many as come within the linger`);
    const full = 65_536 / 200;
    assert.ok(unitsOf(Math.floor(full)) <= 20, `${unitsOf(Math.floor(full))} units in full packs`);
  });

  if (!existsSync(SAMPLES)) it.skip("packs recorded streams (the sample data folder is absent)", () => {});
  else
    for (const file of readdirSync(join(SAMPLES, "ndjson")))
      it(`packs every line of ${file}`, () => {
        const lines = readFileSync(join(SAMPLES, "ndjson", file))
          .toString("utf8")
          .split(/\r?\n/)
          .filter(Boolean);
        const recorded = lines.map((line, n) => event(line, n + 1));
        assert.deepEqual(roundTrip(recorded, true), recorded.map(read));
      });
});
