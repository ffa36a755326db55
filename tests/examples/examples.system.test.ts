import assert from "node:assert/strict";
import { DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { readFailureObject } from "pulumi-stream-ingestion/internal";
import { type FakeServer, startServer } from "../fakes/http-server";
import { eventually } from "../local/event-log";
import { type RunningExample, runExample } from "./run-example";

const price = (n: number, minute = 0) =>
  JSON.stringify({ instrument: "EUR_USD", price: n, time: `2026-01-31T12:0${minute}:0${n % 10}Z` });

describe("examples", () => {
  let running: RunningExample | undefined;
  let webhook: FakeServer | undefined;
  afterEach(async () => {
    await running?.close();
    await webhook?.close();
    running = webhook = undefined;
  });

  const clientOptions = ({ stack: { cloud } }: RunningExample) => {
    const { endpoint, region, operator: credentials } = cloud;
    return { endpoint, region, credentials };
  };
  /** No call was denied by IAM. */
  const assertNothingDenied = ({ events }: RunningExample) =>
    assert.deepEqual(
      events.filter((event) => event.kind === "call" && !event.allowed),
      [],
    );

  /** Runs an example with every batch delivered twice, until all events were delivered twice. */
  const runTwice = async (name: string, lines: string[]): Promise<RunningExample> => {
    const example = await runExample(name, {
      lines,
      prepare: ({ cloud }) =>
        cloud.faults.add({ match: { action: "lambda:DeliverBatch" }, effect: { kind: "repeat" } }),
    });
    running = example;
    await example.until("each event delivered twice", () => {
      const delivered = example.events.flatMap((event) => (event.kind === "delivered" ? event.records : []));
      return delivered.length >= 2 * lines.length;
    });
    return example;
  };

  it("price-alert posts prices above the limit, retries a failed webhook, and stores events that are not prices as failures", async () => {
    const posts: { key: unknown; text: string }[] = [];
    webhook = await startServer((request, response, body) => {
      posts.push({ key: request.headers["idempotency-key"], text: JSON.parse(body.toString()).text });
      response.writeHead(posts.length === 1 ? 503 : 200).end();
    });
    const example = await runExample("price-alert", {
      lines: [price(1), price(3), '{"instrument":"EUR_USD"}'],
      config: { above: "2" },
      secrets: { webhook: webhook.url },
    });
    running = example;
    const s3 = new S3Client({ ...clientOptions(example), forcePathStyle: true });
    const Bucket = example.outputs.bucketName;
    const failures = async () =>
      (await s3.send(new ListObjectsV2Command({ Bucket, Prefix: "failures/" }))).Contents ?? [];
    await example.until("a second post", () => posts.length >= 2);
    await eventually("a failure", async () => (await failures()).length > 0 || undefined);

    assert.deepEqual(
      posts.map(({ text }) => text),
      ["EUR_USD is at 3, above 2", "EUR_USD is at 3, above 2"],
    );
    assert.equal(posts[0]?.key, posts[1]?.key);
    const [{ Key } = {}] = await failures();
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const [failure] = readFailureObject(await Body!.transformToString());
    assert.equal(failure?.error.code, "VALIDATION_FAILED");
    assert.match(failure!.error.message, /price/);
    assert.equal(failure?.event?.data, '{"instrument":"EUR_USD"}');
    assertNothingDenied(example);
    s3.destroy();
  });

  it("minute-averages counts each price once when every batch is delivered twice", async () => {
    const lines = [price(1), price(2), price(3, 1), price(6)];
    const example = await runTwice("minute-averages", lines);
    const dynamo = new DynamoDBClient(clientOptions(example));
    const { Items = [] } = await dynamo.send(new ScanCommand({ TableName: example.outputs.minutesTable }));
    assert.deepEqual(Items.map(({ minute, count, sum }) => [minute?.S, Number(count?.N), Number(sum?.N)]).sort(), [
      ["2026-01-31T12:00", 3, 9],
      ["2026-01-31T12:01", 1, 3],
    ]);
    assertNothingDenied(example);
    dynamo.destroy();
  });

  it("forward-to-sqs sends every event once when every batch is delivered twice", async () => {
    const lines = Array.from({ length: 25 }, (_, index) => JSON.stringify({ n: index }));
    const example = await runTwice("forward-to-sqs", lines);
    const sqs = new SQSClient(clientOptions(example));
    const bodies: string[] = [];
    const { queueUrl: QueueUrl } = example.outputs;
    for (;;) {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
      if (Messages.length === 0) break;
      for (const { Body, ReceiptHandle } of Messages) {
        bodies.push(Body!);
        await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
      }
    }
    assert.deepEqual(bodies.sort(), [...lines].sort());
    assertNothingDenied(example);
    sqs.destroy();
  });
});
