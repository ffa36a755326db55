import assert from "node:assert/strict";
import pc from "picocolors";
import { eventLine } from "../../cli/event-line";
import { type ChangeStream, followInserts } from "../../cli/follow-changes";
import { addTail, eventJson } from "../../cli/tail";
import { encodeItem, type StoredEvent } from "../../runtime/data/item";
import type { FakeServer } from "../fakes/http-server";
import { run, serve } from "./cli-fixture";

type Read = Awaited<ReturnType<ChangeStream<string>["read"]>>;

const inserts = (...images: string[]) => images.map((image) => ({ eventName: "INSERT", image }));

/** Shards with scripted reads. An iterator is `shard:position`. */
function scripted(shards: { id: string; open: boolean }[], reads: Record<string, Read>): ChangeStream<string> {
  return {
    shards: async () => [...shards],
    iterator: async (id, from) => `${id}:${from}`,
    read: async (iterator) => reads[iterator] ?? { changes: [], next: iterator },
  };
}

/** Follows until `count` items or `rounds` polls, on a fake clock. */
async function follow(stream: ChangeStream<string>, { count = 99, rounds = 20 } = {}) {
  const stop = new AbortController();
  const waits: number[] = [];
  const sleep = async (ms: number) => {
    if (waits.push(ms) >= rounds) stop.abort();
  };
  const seen: string[] = [];
  const reports: string[] = [];
  const onRead = () => reports.push("read");
  const onThrottled = () => reports.push("throttled");
  const options = { clock: { now: () => 0, sleep }, signal: stop.signal, onRead, onThrottled };
  for await (const image of followInserts(stream, options)) {
    if (seen.push(image) >= count) stop.abort();
  }
  return { seen, waits, reports };
}

describe("followInserts", () => {
  it("starts at the end of open shards, ignores closed ones, and returns inserts only", async () => {
    const stream = scripted(
      [
        { id: "old", open: false },
        { id: "a", open: true },
      ],
      {
        "old:LATEST": { changes: inserts("past") },
        "old:TRIM_HORIZON": { changes: inserts("past") },
        "a:LATEST": {
          changes: [...inserts("1"), { eventName: "MODIFY", image: "again" }, { eventName: "REMOVE" }, ...inserts("2")],
          next: "a:2",
        },
        "a:2": { changes: inserts("3"), next: "a:3" },
      },
    );
    assert.deepEqual((await follow(stream)).seen, ["1", "2", "3"]);
  });

  it("follows the children of a closed shard from their first record", async () => {
    const shards = [{ id: "a", open: true }];
    const stream = scripted(shards, {
      "a:LATEST": { changes: inserts("1") },
      "b:TRIM_HORIZON": { changes: inserts("2"), next: "b:1" },
      "c:TRIM_HORIZON": { changes: inserts("3"), next: "c:1" },
    });
    const read = async (iterator: string) => {
      if (iterator === "a:LATEST") shards.push({ id: "b", open: true }, { id: "c", open: false });
      return stream.read(iterator);
    };
    assert.deepEqual((await follow({ ...stream, read })).seen, ["1", "2", "3"]);
  });

  it("polls once a second, backs off longer each time it is throttled, and resets after a read", async () => {
    const reads: Read[] = [
      { changes: [], next: "a:LATEST" },
      "throttled",
      "throttled",
      "throttled",
      "throttled",
      "throttled",
      { changes: [], next: "a:LATEST" },
      "throttled",
    ];
    const stream = { ...scripted([{ id: "a", open: true }], {}), read: async () => reads.shift()! };
    assert.deepEqual(
      (await follow(stream, { rounds: 8 })).waits,
      [1, 5, 10, 20, 40, 60, 1, 5].map((s) => s * 1000),
    );
  });

  it("reports a read of all shards, with or without an event, and each throttled one", async () => {
    const shards = ["a", "b"].map((id) => ({ id, open: true }));
    const empty = { changes: [], next: "a:LATEST" };
    const reads: Read[] = [empty, empty, empty, "throttled", empty, empty];
    const { reports } = await follow({ ...scripted(shards, {}), read: async () => reads.shift()! }, { rounds: 3 });
    assert.deepEqual(reports, ["read", "throttled", "read"]);
  });
});

const event: StoredEvent = {
  streamId: "prices",
  key: "k1",
  type: "tick",
  data: '{"a":1}',
  receivedAt: Date.UTC(2026, 10, 24, 12),
  sequence: "4.1.7",
};

describe("tail", () => {
  const plain = pc.createColors(false);
  const before = { ...process.env };
  let server: FakeServer | undefined;
  afterEach(async () => {
    process.env = { ...before };
    await server?.close();
    server = undefined;
  });

  it("prints an event as one line, whatever its data contains", () => {
    assert.equal(eventLine(event, plain), '2026-11-24T12:00:00.000Z prices tick {"a":1}');
    assert.match(eventLine({ ...event, data: "a\nb\u001b[31m" }, plain), / a\\nb\\u001b\[31m$/);
    assert.match(eventLine({ ...event, data: Buffer.from([255]) }, plain), / \(binary data, 1 B\)$/);
    assert.match(
      eventLine({ ...event, data: undefined, pointer: "oversize/p/k" }, plain),
      / \(in the bucket: oversize\/p\/k\)$/,
    );
    assert.match(eventLine({ ...event, data: "x".repeat(9000) }, plain), / x{500}…$/);
  });

  it("prints the whole event as JSON, binary data as base64", () => {
    assert.deepEqual(JSON.parse(eventJson(event)), event);
    const { data: _, ...rest } = event;
    assert.deepEqual(JSON.parse(eventJson({ ...event, data: Buffer.from([255, 0]) })), { ...rest, base64: "/wA=" });
  });

  it("reads the change stream of the table, prints the requested stream, and exits after --count", async () => {
    const image = (streamId: string, data: string) =>
      JSON.parse(encodeItem({ ...event, id: "", streamId, data, dataBytes: data.length }, 60, 4).json);
    const corrupt = { key: { S: "corrupt" }, d: { B: "AAAA" }, e: { S: "zstd" } };
    const calls: string[] = [];
    server = await serve(async (request, body) => {
      const action = String(request.headers["x-amz-target"]).split(".")[1]!;
      const input = JSON.parse(body);
      calls.push(`${action} ${input.TableName ?? input.StreamArn ?? ""}`);
      const answers: Record<string, object> = {
        ListStreams: {
          Streams: ["2026-11-24", "2026-11-01"].map((StreamLabel) => ({
            StreamLabel,
            StreamArn: `${input.TableName}/${StreamLabel}`,
          })),
        },
        DescribeStream: {
          StreamDescription: { Shards: [{ ShardId: "shard-1", SequenceNumberRange: { StartingSequenceNumber: "1" } }] },
        },
        GetShardIterator: { ShardIterator: "i1" },
        GetRecords: {
          Records: [
            ["INSERT", image("other", "no")],
            ["INSERT", { ...image("other", "no"), ...corrupt }],
            ["INSERT", { ...image("prices", "no"), ...corrupt }],
            ["MODIFY", image("prices", "again")],
            ["INSERT", image("prices", "yes")],
            ["INSERT", image("prices", "z".repeat(3000))],
            ["INSERT", image("prices", "after the end")],
          ].map(([eventName, NewImage]) => ({ eventName, dynamodb: { NewImage } })),
          NextShardIterator: "i2",
        },
      };
      return {
        status: 200,
        body: JSON.stringify(answers[action]),
        headers: { "content-type": "application/x-amz-json-1.0" },
      };
    });
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_REGION: "eu-central-1",
    });
    const { out, err, exitCode } = await run(
      addTail,
      ...["tail", "prices", "--table", "events-1", "--json", "--count", "2"],
    );
    assert.equal(exitCode, 0);
    assert.match(
      err.join("\n"),
      /^prices corrupt, received at 2026-11-24T12:00:00\.000Z, cannot be read, and none of its events: [^\n]+$/,
    );
    assert.deepEqual(
      out.map((line) => JSON.parse(line).data),
      ["yes", "z".repeat(3000)],
    );
    assert.deepEqual(calls, [
      "ListStreams events-1",
      "DescribeStream events-1/2026-11-24",
      "GetShardIterator events-1/2026-11-24",
      "GetRecords ",
    ]);
  });

  it("names the table that it cannot read", async () => {
    server = await serve(async () => ({
      status: 400,
      body: '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException","message":"Requested resource not found"}',
      headers: { "content-type": "application/x-amz-json-1.0" },
    }));
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: server.url,
      AWS_ACCESS_KEY_ID: "AKIDEXAMPLE",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_REGION: "eu-central-1",
    });
    const { err, exitCode } = await run(addTail, "tail", "--table", "nope");
    assert.equal(exitCode, 1);
    assert.deepEqual(err, ["error: Could not read the change stream of table nope: Requested resource not found."]);
  });
});
