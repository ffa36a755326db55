import assert from "node:assert/strict";
import { BatchWriteItemCommand, DeleteItemCommand, DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { resourceHandlers } from "../../../../local/services/services";
import { archive, type CloudFixture, isDelivery, LOG_RIGHTS, startFixture } from "../../cloud-fixture";

const READ_RIGHTS = {
  Action: ["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams"],
  Resource: "*",
};
const WRITE_RIGHTS = { Action: ["s3:PutObject", "s3:ListBucket"], Resource: "*" };
const MAPPING = "aws:lambda/eventSourceMapping:EventSourceMapping";

/** Fails records whose id begins with `bad`: it reports them, throws, or exits. */
const PROCESSOR = `
  exports.handler = async ({ Records }) => {
    const bad = Records.filter(({ dynamodb }) => dynamodb.Keys.id.S.startsWith("bad"));
    if (bad.length > 0 && process.env.MODE === "throw") throw new Error("bad record");
    return { batchItemFailures: bad.map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber })) };
  };
`;

/** In ALARM when a mapping discarded more than `threshold` events in the last minute. */
const discarded = (name: string, metricName: string, id: string | undefined, threshold: number) => ({
  name,
  namespace: "AWS/Lambda",
  metricName,
  dimensions: { EventSourceMappingUUID: id! },
  statistic: "Sum",
  comparisonOperator: "GreaterThanThreshold",
  threshold,
  period: 60,
  evaluationPeriods: 1,
});

describe("event source mapping", () => {
  let fixture: CloudFixture;
  let dynamo: DynamoDBClient;
  let table: Readonly<Record<string, string>>;

  beforeEach(async () => {
    fixture = await startFixture();
    dynamo = new DynamoDBClient(fixture.client);
    table = await fixture.createTable("events");
  });

  afterEach(async () => {
    dynamo.destroy();
    await fixture.cloud.close();
  });

  async function map(inputs: object, { allow = [LOG_RIGHTS, READ_RIGHTS, WRITE_RIGHTS], mode = "report" } = {}) {
    const processor = await fixture.createFunction("processor", PROCESSOR, {
      allow,
      inputs: { environment: { variables: { MODE: mode } } },
    });
    const mapping = {
      eventSourceArn: table.streamArn,
      functionName: processor.arn,
      startingPosition: "TRIM_HORIZON",
      functionResponseTypes: ["ReportBatchItemFailures"],
      ...inputs,
    };
    const { id } = await fixture.create(MAPPING, "mapping", mapping);
    return { id, processor, inputs: mapping };
  }

  const put = (id: string, v = "1") =>
    dynamo.send(new PutItemCommand({ TableName: table.name, Item: { id: { S: id }, v: { N: v } } }));
  const putAll = (...ids: string[]) =>
    dynamo.send(
      new BatchWriteItemCommand({
        RequestItems: { [table.name!]: ids.map((id) => ({ PutRequest: { Item: { id: { S: id } } } })) },
      }),
    );
  const deliveries = () =>
    fixture.events
      .filter(isDelivery)
      .map(({ records, failed }) => ({ ids: records.map(({ keys }) => keys.id), failed }));
  const drain = () => fixture.cloud.mappings.drain(120_000);

  it("delivers earlier records in order, in batches of its size", async () => {
    await putAll("a", "b", "c");
    await map({ batchSize: 2 });
    await drain();
    assert.deepEqual(deliveries(), [
      { ids: ["a", "b"], failed: [] },
      { ids: ["c"], failed: [] },
    ]);
  });

  it("delivers parallel batches, and the changes of one item in order", async () => {
    const ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
    await putAll(...ids);
    await putAll(...ids);
    for (const id of ids) await put(id, "2");
    await map({ batchSize: 2, parallelizationFactor: 3 });
    await drain();
    const delivered = deliveries();
    assert.ok(delivered.every(({ ids }) => ids.length <= 2));
    assert.deepEqual(delivered.flatMap(({ ids }) => ids).sort(), [...ids, ...ids].sort());
    const values = fixture.events.filter(isDelivery).flatMap(({ records }) => records);
    for (const id of ids)
      assert.deepEqual(
        values.filter(({ keys }) => keys.id === id).map(({ eventName }) => eventName),
        ["INSERT", "MODIFY"],
      );
  });

  it("delivers only the records that match its filter", async () => {
    await map({ filterCriteria: { filters: [{ pattern: JSON.stringify({ eventName: ["INSERT"] }) }] } });
    await put("a");
    await put("a", "2");
    await put("a", "2");
    await dynamo.send(new DeleteItemCommand({ TableName: table.name, Key: { id: { S: "a" } } }));
    await put("a");
    await drain();
    assert.deepEqual(
      deliveries().flatMap(({ ids }) => ids),
      ["a", "a"],
    );
    const names = fixture.events
      .filter((event) => event.kind === "record")
      .map((event) => event.kind === "record" && event.eventName);
    assert.deepEqual(names, ["INSERT", "MODIFY", "REMOVE", "INSERT"]);
  });

  it("waits for its batching window to fill a batch", async () => {
    await map({ batchSize: 100, maximumBatchingWindowInSeconds: 3 });
    await put("a");
    await put("b");
    await fixture.seen(isDelivery);
    assert.deepEqual(deliveries(), [{ ids: ["a", "b"], failed: [] }]);
  });

  it("does not wait for the batching window while it drains", async () => {
    await map({ batchSize: 100, maximumBatchingWindowInSeconds: 300 });
    await put("a");
    await drain();
    await put("b");
    await drain();
    assert.deepEqual(
      deliveries().map(({ ids }) => ids),
      [["a"], ["b"]],
    );
  });

  it("retries from the lowest reported record, and stores discarded records in the bucket", async () => {
    const bucket = await fixture.create("aws:s3/bucket:Bucket", "failures", {});
    await putAll("a", "bad", "c");
    const { id, processor } = await map({
      maximumRetryAttempts: 1,
      bisectBatchOnFunctionError: true,
      destinationConfig: { onFailure: { destinationArn: bucket.arn } },
      metricsConfig: { metrics: ["EventCount"] },
    });
    fixture.cloud.alarms.put(discarded("delivered", "OnFailureDestinationDeliveredEventCount", id, 1));
    fixture.cloud.alarms.put(discarded("delivered-more", "OnFailureDestinationDeliveredEventCount", id, 2));
    fixture.cloud.alarms.put(discarded("dropped", "DroppedEventCount", id, 0));
    await put("d");
    await drain();
    const inAlarm = ["delivered", "delivered-more", "dropped"].filter(
      (name) => fixture.cloud.alarms.state(name)?.inAlarm,
    );
    assert.deepEqual(inAlarm, ["delivered"]);
    assert.deepEqual(deliveries(), [
      { ids: ["a", "bad", "c"], failed: [1] },
      { ids: ["bad", "c"], failed: [0] },
      { ids: ["bad", "c"], failed: [0] },
      { ids: ["d"], failed: [] },
    ]);
    const gaveUp = fixture.events.filter((event) => event.kind === "discarded");
    assert.deepEqual(
      gaveUp.map(({ records, kept }) => [records.map(({ keys }) => keys.id), kept]),
      [[["bad", "c"], true]],
    );
    const store = fixture.cloud.buckets.find(bucket.id!)!;
    const [object, ...others] = store.list("");
    assert.deepEqual(others, []);
    assert.match(object!.key, new RegExp(`^aws/lambda/${id}/shardId-[^/]+/\\d{4}/\\d\\d/\\d\\d/`));
    const document = JSON.parse(store.get(object!.key)!.body.toString());
    assert.equal(document.requestContext.condition, "RetryAttemptsExhausted");
    assert.equal(document.requestContext.functionArn, processor.arn);
    assert.equal(document.DDBStreamBatchInfo.batchSize, 2);
    const { Records } = JSON.parse(document.payload);
    assert.deepEqual(
      Records.map((record: { dynamodb: { NewImage: unknown } }) => record.dynamodb.NewImage),
      [{ id: { S: "bad" } }, { id: { S: "c" } }],
    );
  });

  it("counts discarded events as dropped without a destination, and counts nothing without metricsConfig", async () => {
    await putAll("bad", "bad2");
    const counting = { maximumRetryAttempts: 0, metricsConfig: { metrics: ["EventCount"] } };
    const { id } = await map(counting, { mode: "throw" });
    const { id: silent } = await map({ maximumRetryAttempts: 0 }, { mode: "throw" });
    fixture.cloud.alarms.put(discarded("dropped", "DroppedEventCount", id, 1));
    fixture.cloud.alarms.put(discarded("silent", "DroppedEventCount", silent, 0));
    await drain();
    const inAlarm = ["dropped", "silent"].filter((name) => fixture.cloud.alarms.state(name)?.inAlarm);
    assert.deepEqual(inAlarm, ["dropped"]);
  });

  it("bisects a failing batch down to the bad record", async () => {
    await putAll("a", "b", "c", "bad");
    await map({ bisectBatchOnFunctionError: true, maximumRetryAttempts: 0 }, { mode: "throw" });
    await drain();
    const succeeded = deliveries()
      .filter(({ failed }) => failed.length === 0)
      .flatMap(({ ids }) => ids);
    assert.deepEqual(succeeded, ["a", "b", "c"]);
    assert.deepEqual(deliveries().at(-1), { ids: ["bad"], failed: [0] });
  });

  it("discards expired records although attempts are left", async () => {
    const bucket = await fixture.create("aws:s3/bucket:Bucket", "failures", {});
    await put("bad");
    await map(
      {
        maximumRecordAgeInSeconds: 3,
        maximumRetryAttempts: -1,
        destinationConfig: { onFailure: { destinationArn: bucket.arn } },
      },
      { mode: "throw" },
    );
    await fixture.seen((event): event is typeof event => event.kind === "call" && event.action === "s3:ListBucket");
    await put("a");
    await drain();
    assert.deepEqual(deliveries().at(-1), { ids: ["a"], failed: [] });
    const store = fixture.cloud.buckets.find(bucket.id!)!;
    const document = JSON.parse(store.get(store.list("")[0]!.key)!.body.toString());
    assert.equal(document.requestContext.condition, "RecordAgeExceeded");
  });

  it("waits while the function is throttled, without counting an attempt", async () => {
    const { processor } = await map({ maximumRetryAttempts: 0 });
    const update = (reservedConcurrentExecutions: number) =>
      resourceHandlers.get("aws:lambda/function:Function")!.update(
        fixture.cloud,
        processor.id!,
        { id: processor.id!, outputs: {} },
        {
          urn: "u",
          type: "aws:lambda/function:Function",
          name: "processor",
          inputs: { ...processor, code: archive(PROCESSOR), reservedConcurrentExecutions },
        },
      );
    await update(0);
    await put("a");
    await fixture.cloud.mappings.drain(300);
    assert.deepEqual(deliveries(), []);
    await update(1);
    await drain();
    assert.deepEqual(deliveries(), [{ ids: ["a"], failed: [] }]);
  });

  it("delivers a successful batch twice by a fault", async () => {
    fixture.cloud.faults.add({ match: { action: "lambda:DeliverBatch" }, effect: { kind: "repeat" }, times: 1 });
    await map({});
    await put("a");
    await drain();
    assert.deepEqual(deliveries(), [
      { ids: ["a"], failed: [] },
      { ids: ["a"], failed: [] },
    ]);
  });

  it("is rejected when the function's role cannot read the stream, with the missing action", async () => {
    const allow = [{ ...READ_RIGHTS, Action: ["dynamodb:DescribeStream", "dynamodb:GetShardIterator"] }];
    await assert.rejects(map({}, { allow }), /dynamodb:GetRecords is not allowed/);
  });

  it("stops while it is disabled and continues from its position", async () => {
    const made = await map({});
    await put("a");
    await fixture.seen(isDelivery);
    const set = (enabled: boolean) =>
      resourceHandlers.get(MAPPING)!.update(
        fixture.cloud,
        made.id!,
        { id: made.id!, outputs: {} },
        {
          urn: "u",
          type: MAPPING,
          name: "mapping",
          inputs: { ...made.inputs, enabled },
        },
      );
    await set(false);
    await put("b");
    assert.equal(fixture.events.filter(isDelivery).length, 1);
    await set(true);
    await drain();
    assert.deepEqual(
      deliveries().map(({ ids }) => ids),
      [["a"], ["b"]],
    );
  });
});
