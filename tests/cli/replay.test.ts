import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { BatchWriteItemCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { eachEvent } from "pulumi-stream-ingestion/processor";
import { outcomeOf } from "../../cli/failures/invoke-processor";
import { progressText } from "../../cli/progress";
import { addReplay } from "../../cli/replay";
import { type Range, type ReplayDeps, replay, type StoredItem } from "../../cli/replay/run-replay";
import { storedItems } from "../../cli/replay/stored-items";
import { eventCount, parsePosition, planText, positionText } from "../../cli/replay/text";
import { addTail } from "../../cli/tail";
import { contentKey } from "../../runtime/data/identity";
import { encodeItem, type StoredEvent } from "../../runtime/data/item";
import { encodePack } from "../../runtime/data/pack";
import { type CloudFixture, startFixture } from "../local/cloud-fixture";
import { fakePorts, run as runProcessor } from "../processor/builders";
import { run } from "./cli-fixture";

const ALL: Range = { from: 0, to: Number.POSITIVE_INFINITY };

/** An event that was received at this time. */
const event = (receivedAt: number, sequence = `1.1.${receivedAt}`): StoredEvent => ({
  ...{ streamId: "s", key: `k${receivedAt}`, type: "message", data: String(receivedAt), receivedAt, sequence },
});

/** Items with these events. */
function table(...items: StoredEvent[][]) {
  const stored = new Map(items.map((events, index) => [`p${index}`, events]));
  const list = items.map(
    (events, index): StoredItem => ({
      partition: "s",
      key: `p${index}`,
      receivedAt: events[0]!.receivedAt,
      lastReceivedAt: events.at(-1)!.receivedAt,
      events: events.length,
    }),
  );
  const read: ReplayDeps["read"] = async (some) => some.flatMap(({ key }) => stored.get(key) ?? []);
  return { list, read };
}

/** Replays through the real wrapper. */
async function replayed(
  { list, read }: ReturnType<typeof table>,
  {
    range = ALL,
    handle = (_: string) => {},
    ...deps
  }: Partial<ReplayDeps> & { range?: Range; handle?: (data: string) => void } = {},
) {
  const seen: string[] = [];
  const failed: string[] = [];
  const positions: string[] = [];
  const processor = eachEvent(({ data }) => {
    handle(data);
    seen.push(data);
  });
  const result = await replay(list, range, {
    read,
    invoke: async ({ Records }) =>
      outcomeOf(
        undefined,
        JSON.stringify(await runProcessor(processor, JSON.parse(JSON.stringify(Records)), fakePorts())),
      ),
    signal: new AbortController().signal,
    onProgress: (_, last) => positions.push(positionText(last)),
    onFailed: ({ key }, { code }) => failed.push(`${key} ${code}`),
    ...deps,
  });
  return { result, seen, failed, positions };
}

describe("replay", () => {
  const numbers = (count: number) => Array.from({ length: count }, (_, n) => n + 1);

  it("runs stored events through the processor in the order in which they were received", async () => {
    const shuffled = numbers(230)
      .sort((a, b) => ((a * 7919) % 230) - ((b * 7919) % 230))
      .map((n) => [event(n)]);
    const { result, seen } = await replayed(table(...shuffled));
    assert.deepEqual(seen, numbers(230).map(String));
    assert.deepEqual(result, { processed: 230, failed: 0, complete: true });
  });

  it("merges the packs of two hops that overlap, also those that are read later", async () => {
    const long = numbers(60).map((n) => event(n * 10));
    const others = numbers(40).map((n) => [event(n * 10 + 5, `2.1.${n}`)]);
    const sent: number[] = [];
    const invoke: ReplayDeps["invoke"] = async ({ Records }) => {
      sent.push(...Records.map(({ dynamodb }) => Number(dynamodb?.NewImage?.d?.S)));
      return outcomeOf(undefined, "");
    };
    await replayed(table(long, ...others), { invoke });
    assert.deepEqual(
      sent,
      [...long, ...others.flat()].map(({ receivedAt }) => receivedAt).sort((a, b) => a - b),
    );
  });

  it("takes only the events of the range, also of a pack at its edge", async () => {
    const range = { from: 3, to: 6, after: { receivedAt: 3, sequence: "1.1.3" } };
    const { seen } = await replayed(table([event(1), event(2), event(3), event(4)], [event(5), event(6)]), { range });
    assert.deepEqual(seen, ["4", "5"]);
  });

  it("reports an event that fails, and goes on", async () => {
    const handle = (data: string) => {
      if (data === "2") throw new RangeError("two");
    };
    const { result, seen, failed } = await replayed(table([event(1), event(2), event(3)]), { handle });
    assert.deepEqual([seen, failed], [["1", "3"], ["k2 RangeError"]]);
    assert.deepEqual(result, { processed: 2, failed: 1, complete: true });
  });

  it("ends after the running batch when it is interrupted, and continues from there without a gap or a repeat", async () => {
    const events = numbers(250).map((n) => [event(n)]);
    const stop = new AbortController();
    const handle = (data: string) => {
      if (data === "30") stop.abort();
    };
    const first = await replayed(table(...events), { handle, signal: stop.signal });
    assert.equal(first.result.complete, false);
    assert.ok(first.seen.length < 250 && first.seen.length >= 30);
    const after = parsePosition(first.positions.at(-1)!);
    const second = await replayed(table(...events), { range: { ...ALL, after } });
    assert.deepEqual([...first.seen, ...second.seen], numbers(250).map(String));
  });

  it("keeps bytes that are not UTF-8, the type, the id and data in the bucket", async () => {
    const special = { ...event(1), type: "price", id: "7", data: Buffer.from([0xff, 0x00]) };
    const seen: unknown[] = [];
    const fakes = fakePorts();
    fakes.ports.bucket.get = async (key) => Buffer.from(`object ${key}`);
    const processor = eachEvent(
      ({ type, id, data, bytes }) => void seen.push([type, id, data, Buffer.from(bytes ?? []).toString("hex")]),
    );
    const { data: _, ...large } = { ...event(2), pointer: "oversize/s/k2" };
    const { list, read } = table([special, large]);
    await replay(list, ALL, {
      read,
      invoke: async ({ Records }) =>
        outcomeOf(undefined, JSON.stringify(await runProcessor(processor, JSON.parse(JSON.stringify(Records)), fakes))),
      signal: new AbortController().signal,
      onProgress: () => {},
      onFailed: (one, error) => assert.fail(`${one.key} ${error.message}`),
    });
    assert.equal(seen.length, 2);
    const [type, id, , bytes] = seen[0] as unknown[];
    assert.deepEqual([type, id, bytes], ["price", "7", "ff00"]);
    assert.deepEqual((seen[1] as unknown[])[2], "object oversize/s/k2");
  });
});

describe("the text of a replay", () => {
  it("is a count, a cost and a progress bar", () => {
    const found = { ...{ items: table([event(1), event(2)], [event(3)]).list, readUnits: 10 } };
    assert.match(planText(found), /^3 events in 2 items, received from 1970-01-01T00:00:00\.001Z to .*\.003Z\.\n/);
    assert.match(planText(found), /10 more and 1 invocations: \$0\.0000014/);
    assert.equal(
      progressText(1, eventCount(found), "events"),
      `[${"#".repeat(10)}${".".repeat(20)}] 33% 1 of 3 events`,
    );
  });

  it("is a position that can be read again", () => {
    assert.deepEqual(parsePosition(positionText(event(5))), { receivedAt: 5, sequence: "1.1.5" });
    for (const text of ["", "5", "5/1.1", "x/1.1.1", "5/1.1.1 "]) assert.equal(parsePosition(text), undefined);
  });
});

describe("stream-ingestion replay", () => {
  let cloud: CloudFixture;
  let tableName: string;
  let functionName: string;
  const environment = { ...process.env };
  before(async () => {
    cloud = await startFixture();
    const keys = [
      { name: "streamId", type: "S" },
      { name: "key", type: "S" },
    ];
    const streamed = { streamEnabled: true, streamViewType: "NEW_AND_OLD_IMAGES" };
    const shape = { hashKey: "streamId", rangeKey: "key", attributes: keys, ...streamed };
    tableName = (await cloud.create("aws:dynamodb/table:Table", "events", shape)).name!;
    const failing = "Records.filter((r) => r.dynamodb.NewImage.d.S === 'bad')";
    const failure = "{ itemIdentifier: r.dynamodb.SequenceNumber, error: { code: 'Bad', message: 'no' } }";
    const code = `exports.handler = async ({ Records }) => ({ batchItemFailures: ${failing}.map((r) => (${failure})) });`;
    functionName = (await cloud.createFunction("processor", code)).name!;
    const { endpoint, region, credentials } = cloud.client;
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    });
    const at = (data: string, receivedAt: number) => ({
      ...{ key: contentKey(data, "message"), type: "message", id: "", data, receivedAt },
    });
    const single = ["a", "bad", "c"].map((data, n) => {
      const one = { ...at(data, 1_000 + n), streamId: "s", dataBytes: data.length, sequence: `1.1.${n + 1}` };
      return JSON.parse(encodeItem(one, 60, 4).json);
    });
    const packed = ["up", "down", "up"].map((data, n) => ({ ...at(data, 2_000 + n), counter: n + 1 }));
    const place = { generation: 2, connection: 1, nonce: "n", ttlSeconds: 60, contentKeys: true };
    const pack = JSON.parse(encodePack(packed, { streamId: "s", ...place }).json);
    pack.d = { B: Buffer.from(pack.d.B, "base64") };
    const client = new DynamoDBClient(cloud.client);
    const requests = [...single, pack].map((Item) => ({ PutRequest: { Item } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }));
    client.destroy();
  });
  after(async () => {
    process.env = environment;
    await cloud.cloud.close();
  });

  const command = (...more: string[]) =>
    run(addReplay, "replay", "--stream", "s", "--table", tableName, "--function", functionName, ...more);
  const EPOCH = ["--from", "1970-01-01T00:00:00Z"];

  const noCorrupt = ({ key }: { key: string }) => assert.fail(`${key} is corrupt`);

  it("finds the events of both storage modes, in slices too, and of the range", async () => {
    const store = storedItems(tableName, cloud.client.region, noCorrupt);
    const { items } = await store.find("s", 1_001, 2_001);
    assert.deepEqual(items.map(({ events }) => events).sort(), [1, 1, 3]);
    const { seen } = await replayed({ list: [...items], read: store.read }, { range: { from: 1_001, to: 2_002 } });
    assert.deepEqual(seen, ["bad", "c", "up", "down"]);
  });

  it("reads the packs of the range, not those of the whole stream", async () => {
    const HOP_MS = 840_000;
    const client = new DynamoDBClient(cloud.client);
    const data = randomBytes(3_000).toString("hex");
    for (let hop = 0; hop < 60; hop++) {
      const receivedAt = 10_000_000 + hop * HOP_MS;
      const place = { generation: 100 + hop, connection: 1, nonce: "n", ttlSeconds: 60, contentKeys: true };
      const one = { key: contentKey(data, "message"), type: "message", id: "", data, receivedAt, counter: 1 };
      const Item = JSON.parse(encodePack([one], { streamId: "long", ...place }).json);
      Item.d = { B: Buffer.from(Item.d.B, "base64") };
      await client.send(new PutItemCommand({ TableName: tableName, Item }));
    }
    client.destroy();
    const store = storedItems(tableName, cloud.client.region, noCorrupt);
    const hopTime = (hop: number) => 10_000_000 + hop * HOP_MS;
    const none = await store.find("absent", 0, 1);
    const all = await store.find("long", 0, Number.MAX_SAFE_INTEGER);
    const some = await store.find("long", hopTime(30), hopTime(33));
    assert.equal(all.items.length, 60);
    assert.deepEqual(
      some.items.map(({ receivedAt }) => receivedAt),
      [30, 31, 32].map(hopTime),
    );
    const units = ({ readUnits }: typeof all) => readUnits - none.readUnits;
    assert.ok(units(some) < units(all) / 2, `${units(some)} of ${units(all)} read units`);
  });

  it("shows the count and the cost, then runs them, and fails when an event failed", async () => {
    const { out, err, exitCode } = await command(...EPOCH, "--yes");
    assert.match(err[0]!, /^6 events in 4 items/);
    assert.match(err.join("\n"), /s \S+ failed: Bad: no/);
    assert.match(err.at(-1)!, /100% 6 of 6 events$/);
    assert.deepEqual([out, exitCode], [["5 processed, 1 failed"], 1]);
  });

  it("prints JSON, and only the result when there is nothing to do", async () => {
    const { out, exitCode } = await command("--from", "1970-01-01T00:00:02Z", "--yes", "--json");
    assert.deepEqual(
      out.map((line) => JSON.parse(line)),
      [{ processed: 3, failed: 0, complete: true, unreadable: 0 }],
    );
    assert.equal(exitCode, 0);
    const none = await command("--from", "1h");
    assert.deepEqual(none.out, ["No events of s are stored in this range."]);
  });

  it("continues after a position that it printed, in the middle of a pack", async () => {
    const { out } = await command(...EPOCH, "--yes", "--json", "--after", "2000/2.1.1");
    assert.deepEqual(JSON.parse(out.at(-1)!), { processed: 2, failed: 0, complete: true, unreadable: 0 });
  });

  it("reports a corrupt pack, runs the others, and fails", async () => {
    const client = new DynamoDBClient(cloud.client);
    const place = { streamId: "damaged", connection: 1, nonce: "n", ttlSeconds: 60, contentKeys: true };
    for (const generation of [1, 2, 3]) {
      const one = {
        key: "",
        type: "message",
        id: "",
        data: `${generation}`,
        receivedAt: generation * 1_000,
        counter: 1,
      };
      const Item = JSON.parse(encodePack([one], { ...place, generation }).json);
      Item.d = { B: generation === 2 ? Buffer.alloc(3) : Buffer.from(Item.d.B, "base64") };
      await client.send(new PutItemCommand({ TableName: tableName, Item }));
    }
    client.destroy();
    const where = ["--stream", "damaged", "--table", tableName];
    const damaged = (...more: string[]) =>
      run(addReplay, "replay", ...where, "--function", functionName, ...EPOCH, "--yes", ...more);
    const { out, err, exitCode } = await damaged();
    assert.deepEqual([out, exitCode], [["2 processed, 0 failed"], 1]);
    const key = "p#000000000002#000000000001#000000000001#n";
    const reported = `damaged ${key}, received at 1970-01-01T00:00:02.000Z, cannot be read, and none of its events: `;
    assert.equal(err.filter((line) => line.startsWith(reported)).length, 1, err.join("\n"));
    assert.equal(err.at(-1), "Items that cannot be read: 1. Their events were not processed.");
    const lines = (await damaged("--json")).out.map((line) => JSON.parse(line));
    assert.deepEqual([lines[0].key, lines[0].error.code], [key, "EVENT_INVALID"]);
    assert.deepEqual(lines[1], { processed: 2, failed: 0, complete: true, unreadable: 1 });
    const tail = await run(addTail, "tail", "damaged", "--table", tableName, ...EPOCH, "--count", "2", "--json");
    assert.deepEqual(
      tail.out.map((line) => JSON.parse(line).data),
      ["1", "3"],
    );
    assert.ok(tail.err.some((line) => line.startsWith(reported)));
  });

  it("runs nothing without a confirmation", async () => {
    const { err, exitCode } = await command(...EPOCH);
    assert.match(err.at(-1)!, /Expected --yes, because there is no terminal to confirm the replay/);
    assert.equal(exitCode, 1);
    const answered = await run(
      (program, terminal) => addReplay(program, terminal, async () => false),
      ...["replay", "--stream", "s", "--table", tableName, "--function", functionName, ...EPOCH],
    );
    assert.equal(answered.err.at(-1), "Nothing was replayed.");
  });

  it("prints how to continue when the function cannot be invoked", async () => {
    const { err, exitCode } = await command(...EPOCH, "--yes", "--function", "absent");
    assert.match(err.join("\n"), /To continue, .*replay --stream s --from 1970-01-01T00:00:00\.000Z --to /);
    assert.equal(exitCode, 1);
  });

  it("has a counterpart that prints: tail from a time, in order, then what is stored meanwhile", async () => {
    const late = { key: "late", type: "message", id: "", data: "late", receivedAt: 3_000, streamId: "s" };
    const item = JSON.parse(encodeItem({ ...late, dataBytes: 4, sequence: "2.1.4" }, 60, 1).json);
    const client = new DynamoDBClient(cloud.client);
    let lines = 0;
    const { out } = await run(
      (program, terminal) =>
        addTail(program, {
          ...terminal,
          out(line) {
            terminal.out(line);
            if (++lines === 6) void client.send(new PutItemCommand({ TableName: tableName, Item: item }));
          },
        }),
      ...["tail", "s", "--table", tableName, ...EPOCH, "--count", "7", "--json"],
    );
    client.destroy();
    assert.deepEqual(
      out.map((line) => JSON.parse(line).data),
      ["a", "bad", "c", "up", "down", "up", "late"],
    );
    const { err } = await run(addTail, "tail", "--table", tableName, ...EPOCH);
    assert.match(err.join(), /Expected a stream id with --from, got none\./);
  });

  it("explains a wrong range or position", async () => {
    const message = async (...args: string[]) => (await command(...args)).err.join();
    assert.match(await message("--from", "soon"), /Expected --from to be a duration .* got soon/);
    assert.match(await message("--from", "1h", "--to", "2h"), /Expected --from to be before --to/);
    assert.match(await message("--from", "1h", "--after", "7"), /Expected --after to be a position .* got 7/);
  });
});
