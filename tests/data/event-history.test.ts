import assert from "node:assert/strict";
import { eventHistory, type PackRange, type ReadEvents } from "../../runtime/data/event-history";
import { encodePack } from "../../runtime/data/pack";

const PACKS = 10;
const EVENTS = 4;
const PACK_MS = 1_000;

/** The table: packs of four events, one pack a second, three packs a page, newest first. */
function table(corrupt?: number) {
  const place = { streamId: "s", generation: 2, connection: 1, nonce: "n", ttlSeconds: 60, contentKeys: true };
  const packs = Array.from({ length: PACKS }, (_, pack) => {
    const events = Array.from({ length: EVENTS }, (_, n) => ({
      ...{ key: "", type: "message", id: "", data: `${pack}.${n}`, receivedAt: pack * PACK_MS },
      counter: pack * EVENTS + n + 1,
    }));
    return JSON.parse(encodePack(events, place).json);
  }).reverse();
  if (corrupt !== undefined) packs[PACKS - 1 - corrupt].d = { B: "AAAA" };
  let pages = 0;
  const reported: [string, string, number][] = [];
  const readPage: ReadEvents = async (_, input) => {
    const start = Number((input as { ExclusiveStartKey?: { n: { N: string } } }).ExclusiveStartKey?.n.N ?? 0);
    pages++;
    const next = start + 3;
    return {
      Items: packs.slice(start, next),
      ...(next < PACKS && { LastEvaluatedKey: { n: { N: String(next) } } }),
    };
  };
  const history = eventHistory("events", readPage, ({ streamId, key, receivedAt, error }) => {
    assert.ok(error instanceof Error);
    reported.push([streamId, key, receivedAt]);
  });
  const read = async (range: PackRange) => {
    const data = [...(await history.packed("s", range))].map((event) => String(event.data));
    return { first: data[0], count: data.length, last: data.at(-1), pages };
  };
  return { read, reported };
}

describe("history of packs", () => {
  it("reads the packs since a time, in order, and no further page", async () => {
    assert.deepEqual(await table().read({ since: 7_000 }), { first: "7.0", count: 12, last: "9.3", pages: 2 });
  });

  it("reads on to the pack that ends with the event of the checkpoint", async () => {
    const { first, count } = await table().read({ since: 7_000, after: "2.1.16" });
    assert.deepEqual([first, count], ["4.0", 24]);
  });

  it("reads on to an earlier time while the events are few enough", async () => {
    const upTo = { since: 2_000, events: 17 };
    assert.equal((await table().read({ since: 9_000, upTo })).first, "5.0");
    assert.equal((await table().read({ since: 9_000, upTo: { ...upTo, events: 1_000 } })).first, "2.0");
    assert.equal((await table().read({ since: 9_000, upTo, after: "2.1.4" })).first, "1.0");
  });

  it("reports a corrupt pack, and reads the others", async () => {
    const { read, reported } = table(8);
    assert.deepEqual(await read({ since: 7_000 }), { first: "7.0", count: 8, last: "9.3", pages: 2 });
    assert.deepEqual(reported, [["s", "p#000000000002#000000000001#000000000033#n", 8_000]]);
  });

  it("reports a corrupt single event, and reads the others", async () => {
    const item = (key: string) => ({ streamId: { S: "s" }, key: { S: key }, d: { S: key } });
    const corrupt = { ...item("b"), d: { B: "AAAA" }, e: { S: "zstd" } };
    const reported: string[] = [];
    const history = eventHistory(
      "events",
      async () => ({ Responses: { events: [item("a"), corrupt, item("c")] } }),
      ({ key }) => reported.push(key),
    );
    const events = await history.single(["a", "b", "c"], () => "s");
    assert.deepEqual([events.map(({ key }) => key), reported], [["a", "c"], ["b"]]);
  });

  it("reads all packs of a stream that has no older ones", async () => {
    assert.deepEqual(await table().read({ since: -1 }), { first: "0.0", count: 40, last: "9.3", pages: 4 });
  });
});
