import assert from "node:assert/strict";
import { streamsApi } from "../../../../local/services/dynamodb/streams-api";
import { openTables } from "../../../../local/services/dynamodb/tables";

describe("local DynamoDB Streams", () => {
  const tables = openTables({ region: "x", accountId: "1", emit: () => {}, now: () => 0 });
  const api = streamsApi(tables);
  // biome-ignore lint/suspicious/noExplicitAny: responses of four operations, read by name
  const call = (operation: string, input: object) => api.call(operation, input as never) as any;
  const put = (id: string) => tables.call("PutItem", { TableName: "events", Item: { id: { S: id } } });
  const ids = ({ Records }: { Records: { dynamodb: { Keys: { id: { S: string } } } }[] }) =>
    Records.map(({ dynamodb }) => dynamodb.Keys.id.S);
  let StreamArn: string;
  let ShardId: string;

  before(async () => {
    const attributes = [{ name: "id", type: "S" }];
    await tables.put({ name: "events", hashKey: "id", attributes, streamViewType: "NEW_IMAGE" });
    await tables.put({ name: "plain", hashKey: "id", attributes });
    StreamArn = call("ListStreams", { TableName: "events" }).Streams[0].StreamArn;
    ShardId = call("DescribeStream", { StreamArn }).StreamDescription.Shards[0].ShardId;
    for (const id of ["a", "b", "c"]) await put(id);
  });
  after(() => tables.close());

  it("reads all records from the horizon in pages", () => {
    const { ShardIterator } = call("GetShardIterator", { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" });
    const first = call("GetRecords", { ShardIterator, Limit: 2 });
    const second = call("GetRecords", { ShardIterator: first.NextShardIterator });
    assert.deepEqual([ids(first), ids(second)], [["a", "b"], ["c"]]);
  });

  it("reads new records with LATEST, and none twice", async () => {
    const { ShardIterator } = call("GetShardIterator", { StreamArn, ShardId, ShardIteratorType: "LATEST" });
    const empty = call("GetRecords", { ShardIterator });
    await put("d");
    const one = call("GetRecords", { ShardIterator: empty.NextShardIterator });
    const none = call("GetRecords", { ShardIterator: one.NextShardIterator });
    assert.deepEqual([ids(empty), ids(one), ids(none)], [[], ["d"], []]);
  });

  it("lists no stream for a table without one, and rejects an unknown stream", () => {
    assert.deepEqual(call("ListStreams", { TableName: "plain" }), { Streams: [] });
    assert.deepEqual(call("ListStreams", {}), call("ListStreams", { TableName: "events" }), "of all tables");
    assert.throws(() => call("DescribeStream", { StreamArn: "arn:none" }), { code: "ResourceNotFoundException" });
    assert.throws(() => call("GetRecords", { ShardIterator: "forged" }), { code: "ValidationException" });
  });

  it("requires the permission on this stream", () => {
    const { ShardIterator } = call("GetShardIterator", { StreamArn, ShardId, ShardIteratorType: "LATEST" });
    assert.deepEqual(api.permission("GetRecords", { ShardIterator }), {
      action: "dynamodb:GetRecords",
      resource: StreamArn,
    });
    assert.deepEqual(api.permission("ListStreams", { TableName: "events" }), {
      action: "dynamodb:ListStreams",
      resource: "*",
    });
  });
});
