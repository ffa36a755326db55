import assert from "node:assert/strict";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { createFaults } from "../../../local/cloud/faults";
import { type CloudFixture, startFixture } from "../cloud-fixture";

const call = { action: "dynamodb:PutItem", caller: "manager-1", resource: "arn:table/events" };
const throttle = { kind: "throttle" } as const;

describe("faults", () => {
  it("hit the calls that match every field", () => {
    const faults = createFaults(() => 0);
    faults.add({ match: { action: "dynamodb:*", caller: "manager-*" }, effect: throttle });
    assert.deepEqual(faults.take(call), throttle);
    assert.equal(faults.take({ ...call, action: "s3:PutObject" }), undefined);
    assert.equal(faults.take({ ...call, caller: "watchdog" }), undefined);
  });

  it("hit the calls whose body contains every text", () => {
    const faults = createFaults(() => 0);
    faults.add({ match: { bodyIncludes: ["stream-1", "SET #claim"] }, effect: throttle });
    assert.equal(faults.take(call), undefined);
    assert.equal(faults.take({ ...call, body: "stream-1 SET #owner" }), undefined);
    assert.deepEqual(faults.take({ ...call, body: "SET #claim of stream-1" }), throttle);
  });

  it("end after their number of hits", () => {
    const faults = createFaults(() => 0);
    faults.add({ match: {}, effect: throttle, times: 2 });
    assert.deepEqual(
      [1, 2, 3].map(() => faults.take(call)),
      [throttle, throttle, undefined],
    );
  });

  it("end at their time limit", () => {
    let now = 0;
    const faults = createFaults(() => now);
    faults.add({ match: {}, effect: throttle, until: 10 });
    assert.deepEqual(faults.take(call), throttle);
    now = 10;
    assert.equal(faults.take(call), undefined);
  });

  it("hit with their probability", () => {
    const draws = [0.1, 0.9];
    const faults = createFaults(
      () => 0,
      () => draws.shift()!,
    );
    faults.add({ match: {}, effect: throttle, probability: 0.5 });
    assert.deepEqual([faults.take(call), faults.take(call)], [throttle, undefined]);
  });

  it("end when they are removed", () => {
    const faults = createFaults(() => 0);
    const remove = faults.add({ match: {}, effect: throttle });
    assert.deepEqual(faults.take(call), throttle);
    assert.equal(remove(), 1, "the remover returns the number of hits");
    assert.equal(faults.take(call), undefined);
  });
});

describe("faults of the endpoint", () => {
  let fixture: CloudFixture;
  let client: DynamoDBClient;
  let TableName: string;

  beforeEach(async () => {
    fixture = await startFixture();
    client = new DynamoDBClient({ ...fixture.client, maxAttempts: 1 });
    TableName = (await fixture.createTable("rows", false)).name!;
  });

  afterEach(async () => {
    client.destroy();
    await fixture.cloud.close();
  });

  const put = () => client.send(new PutItemCommand({ TableName, Item: { id: { S: "a" } } }));
  const get = async () => (await client.send(new GetItemCommand({ TableName, Key: { id: { S: "a" } } }))).Item;
  const match = { action: "dynamodb:PutItem" };

  it("throttle as DynamoDB does, without a write", async () => {
    fixture.cloud.faults.add({ match, effect: throttle });
    await assert.rejects(put(), { name: "ProvisionedThroughputExceededException" });
    assert.equal(await get(), undefined);
  });

  it("respond with the requested error", async () => {
    fixture.cloud.faults.add({ match, effect: { kind: "error", code: "InternalServerError", status: 500 } });
    await assert.rejects(put(), { name: "InternalServerError" });
  });

  it("close the connection without a write for unavailable", async () => {
    fixture.cloud.faults.add({ match, effect: { kind: "unavailable" } });
    await assert.rejects(put(), /ECONNRESET|socket hang up/);
    assert.equal(await get(), undefined);
  });

  it("write and drop the response", async () => {
    const { cloud } = fixture;
    // #region fault
    const remove = cloud.faults.add({
      match: { action: "dynamodb:PutItem", caller: "operator" },
      effect: { kind: "drop-response" },
      times: 1,
    });
    // #endregion
    await assert.rejects(put(), /ECONNRESET|socket hang up/);
    assert.deepEqual(await get(), { id: { S: "a" } });
    assert.equal(remove(), 1);
  });

  it("delay the write", async () => {
    fixture.cloud.faults.add({ match, effect: { kind: "delay", ms: 120 } });
    const began = performance.now();
    await put();
    assert.ok(performance.now() - began >= 115);
  });
});
