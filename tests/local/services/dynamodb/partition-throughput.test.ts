import assert from "node:assert/strict";
import { openTables } from "../../../../local/services/dynamodb/tables";

const EXCEEDED = { code: "ProvisionedThroughputExceededException" };

describe("the throughput of a table's partitions", () => {
  let now = 0;
  let tables: ReturnType<typeof openTables>;
  beforeEach(async () => {
    now = 1_800_000_000_000;
    tables = openTables({ region: "eu-central-1", accountId: "1", emit: () => {}, now: () => now });
    const attributes = ["s", "k"].map((name) => ({ name, type: "S" }));
    await tables.put({ name: "events", hashKey: "s", rangeKey: "k", attributes, streamViewType: "NEW_IMAGE" });
    await tables.put({ name: "other", hashKey: "s", rangeKey: "k", attributes });
  });
  afterEach(() => tables.close());

  const put = (k: string, s = "a", bytes = 10) => ({
    PutRequest: { Item: { s: { S: s }, k: { S: k }, d: { B: Buffer.alloc(bytes).toString("base64") } } },
  });
  /** Returns the keys that were not written. */
  const write = async (requests: readonly ReturnType<typeof put>[], table = "events") => {
    const { UnprocessedItems } = await tables.call("BatchWriteItem", { RequestItems: { [table]: requests } });
    const left = (UnprocessedItems as Record<string, ReturnType<typeof put>[]>)[table] ?? [];
    return left.map(({ PutRequest }) => PutRequest.Item.k.S);
  };
  const stored = async () => ((await tables.call("Scan", { TableName: "events" })).Items as unknown[]).length;

  it("accepts the units of a second, returns the other items, and refuses a batch of which it accepts none", async () => {
    tables.limit("events", { partitions: 1, writeUnits: 2 });
    assert.deepEqual(await write([put("1"), put("2"), put("3")]), ["3"]);
    assert.equal(await stored(), 2);
    assert.equal(tables.find("events")!.stream!.read(0, 10).length, 2);
    await assert.rejects(write([put("3")]), EXCEEDED);
    now += 500;
    assert.deepEqual(await write([put("3"), put("4")]), ["4"]);
    now += 60_000;
    assert.deepEqual(await write([put("5"), put("6"), put("7")]), ["7"], "saves no more than a second");
  });

  it("counts a unit for each KB of an item", async () => {
    tables.limit("events", { partitions: 1, writeUnits: 4 });
    assert.deepEqual(await write([put("1", "a", 3_000), put("2", "a", 1_500), put("3")]), ["3"]);
    now += 250;
    await assert.rejects(write([put("3")]), EXCEEDED);
    now += 250;
    assert.deepEqual(await write([put("3")]), []);
  });

  it("limits each partition alone, and other tables not", async () => {
    tables.limit("events", { partitions: 4, writeUnits: 1 });
    const streams = Array.from({ length: 20 }, (_, n) => put("1", `s${n}`));
    assert.equal((await write(streams)).length, 16);
    assert.deepEqual(await write(streams, "other"), []);
    tables.limit("events", undefined);
    assert.deepEqual(await write(streams), []);
  });

  it("refuses the name of a table that does not exist", () => {
    assert.throws(() => tables.limit("none", { partitions: 1, writeUnits: 1 }), /existing table, got none/);
  });
});
