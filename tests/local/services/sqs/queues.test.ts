import assert from "node:assert/strict";
import {
  DeleteMessageCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import type { LocalCloud } from "stream-ingestion-local";
import { createQueues } from "../../../../local/services/sqs/queues";
import { queue as queueHandler } from "../../../../local/services/sqs/resources";
import { startLocalCloud } from "../../../../local/start-local-cloud";

describe("queues", () => {
  it("hide received messages until the visibility timeout, and remove deleted ones", () => {
    let now = 0;
    const queue = createQueues(() => now).put("q", false);
    queue.send({ body: "a" });
    queue.send({ body: "b" });
    const bodies = () => queue.receive(10, 1_000).map(({ body }) => body);
    const [first] = queue.receive(1, 1_000);
    assert.deepEqual([first?.body, bodies(), bodies()], ["a", ["b"], []]);
    queue.delete(first!.receipt);
    now = 1_000;
    assert.deepEqual(bodies(), ["b"]);
  });

  it("use the visibility timeout of the queue, also after it changed", () => {
    let now = 0;
    const queues = createQueues(() => now);
    const queue = queues.put("q", false);
    queue.send({ body: "a" });
    const counts = (...times: number[]) =>
      times.map((time) => {
        now = time;
        return queue.receive(1).length;
      });
    assert.deepEqual(counts(0, 29_999, 30_000), [1, 0, 1]);
    queues.put("q", false, 5_000);
    assert.deepEqual(counts(60_000, 64_999, 65_000), [1, 0, 1]);
  });

  it("return no later message of a FIFO group while an earlier one is hidden", () => {
    let now = 0;
    const queue = createQueues(() => now).put("q.fifo", true);
    for (const [body, groupId] of ["a1 a", "a2 a", "b1 b"].map((text) => text.split(" ")))
      queue.send({ body: body!, groupId, deduplicationId: body });
    const bodies = (count: number) => queue.receive(count, 1_000).map(({ body }) => body);
    assert.deepEqual([bodies(1), bodies(9)], [["a1"], ["b1"]]);
    now = 1_000;
    assert.deepEqual(bodies(9), ["a1", "a2", "b1"]);
  });

  it("drop a duplicate in a FIFO queue within five minutes", () => {
    let now = 0;
    const queue = createQueues(() => now).put("q.fifo", true);
    const send = () => queue.send({ body: "a", groupId: "g", deduplicationId: "d" }).id;
    const first = send();
    now = 299_999;
    assert.equal(send(), first);
    now = 300_000;
    assert.notEqual(send(), first);
    assert.equal(queue.receive(10, 1_000).length, 2);
  });
});

describe("the local SQS", () => {
  let cloud: LocalCloud;
  let client: SQSClient;
  let QueueUrl: string;
  let PlainUrl: string;
  before(async () => {
    cloud = await startLocalCloud();
    const { endpoint, region, operator: credentials } = cloud;
    client = new SQSClient({ endpoint, region, credentials, maxAttempts: 1 });
    const resource = { urn: "urn", type: "aws:sqs/queue:Queue", name: "events", inputs: { fifoQueue: true } };
    const { outputs } = await queueHandler.create(cloud, resource);
    assert.match(String(outputs.name), /^events-[0-9a-f]{7}\.fifo$/);
    QueueUrl = String(outputs.url);
    const plain = { ...resource, inputs: { name: "plain" } };
    PlainUrl = String((await queueHandler.create(cloud, plain)).outputs.url);
  });
  after(async () => {
    client.destroy();
    await cloud.close();
  });

  const entry = (id: string, body: string) => ({
    Id: id,
    MessageBody: body,
    MessageGroupId: "g",
    MessageDeduplicationId: id,
  });

  it("accepts a batch, names its rejected messages, and returns messages in order", async () => {
    const { Successful, Failed } = await client.send(
      new SendMessageBatchCommand({ QueueUrl, Entries: [entry("1", "a"), entry("2", "\u0001"), entry("3", "é")] }),
    );
    assert.deepEqual(
      [Successful?.map(({ Id }) => Id), Failed?.map(({ Code }) => Code)],
      [["1", "3"], ["InvalidMessageContents"]],
    );
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    assert.deepEqual(
      Messages.map(({ Body }) => Body),
      ["a", "é"],
    );
    for (const { ReceiptHandle } of Messages) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  });

  it("answers a duplicate in a FIFO queue with the first message's id and the MD5 of the duplicate", async () => {
    const send = (id: string, MessageBody: string, StringValue: string) => {
      const MessageAttributes = { kind: { DataType: "String", StringValue } };
      const { Id: _, ...message } = entry(id, MessageBody);
      return client.send(new SendMessageCommand({ QueueUrl, ...message, MessageAttributes }));
    };
    const first = await send("d1", "one", "a");
    // The SDK compares the MD5 of the body.
    const duplicate = await send("d1", "two", "b");
    assert.equal(duplicate.MessageId, first.MessageId);
    assert.equal(duplicate.SequenceNumber, first.SequenceNumber);
    assert.notEqual(duplicate.MD5OfMessageAttributes, first.MD5OfMessageAttributes);
    const next = await send("d2", "three", "a");
    assert.ok(BigInt(next.SequenceNumber!) > BigInt(first.SequenceNumber!));
    const { Messages = [] } = await client.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10 }));
    assert.deepEqual(
      Messages.map(({ Body }) => Body),
      ["one", "three"],
    );
    for (const { ReceiptHandle } of Messages) await client.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle }));
  });

  it("returns the requested attributes of a message, with their MD5", async () => {
    const MessageAttributes = {
      kind: { DataType: "String.colour", StringValue: "grün" },
      count: { DataType: "Number", StringValue: "1" },
      "trace.bytes": { DataType: "Binary", BinaryValue: Uint8Array.of(0, 255) },
    };
    const message = { MessageBody: "a", MessageAttributes, DelaySeconds: 0 };
    const single = await client.send(new SendMessageCommand({ QueueUrl: PlainUrl, ...message }));
    const Entries = [{ Id: "1", ...message }];
    const batch = await client.send(new SendMessageBatchCommand({ QueueUrl: PlainUrl, Entries }));
    // Computed by moto.
    const all = "142f72fd8358b9fbf9c5f1f671e5068f";
    assert.deepEqual([single.MD5OfMessageAttributes, batch.Successful?.[0]?.MD5OfMessageAttributes], [all, all]);

    const receive = async (...MessageAttributeNames: string[]) => {
      const input = { QueueUrl: PlainUrl, MessageAttributeNames, VisibilityTimeout: 0 };
      const { Messages = [] } = await client.send(new ReceiveMessageCommand(input));
      return [Messages[0]?.MessageAttributes, Messages[0]?.MD5OfMessageAttributes];
    };
    assert.deepEqual(await receive("All"), [MessageAttributes, all]);
    assert.deepEqual(await receive(".*"), [MessageAttributes, all]);
    const { "trace.bytes": bytes, count } = MessageAttributes;
    assert.deepEqual(await receive("trace.*"), [{ "trace.bytes": bytes }, "e3f0c07a72d728b9022defd7c6066630"]);
    assert.deepEqual((await receive("count", "other"))[0], { count });
    assert.deepEqual(await receive(), [undefined, undefined]);
    assert.deepEqual(await receive("other"), [undefined, undefined]);
  });

  it("rejects attributes that SQS rejects", async () => {
    const text = { DataType: "String", StringValue: "x" };
    for (const MessageAttributes of [
      { "a..b": text },
      { "AWS.a": text },
      { a: { DataType: "Text", StringValue: "x" } },
      { a: { DataType: "String", StringValue: "" } },
      { a: { DataType: "Number", StringValue: "x" } },
      { a: { DataType: "Number", StringValue: " " } },
      { a: { DataType: "Number", StringValue: "0x10" } },
      { a: { DataType: "String", StringValue: "x\u0001" } },
      { a: { DataType: "Binary", StringValue: "x" } },
      { a: { DataType: "String", StringValue: "x", BinaryValue: Uint8Array.of(1) } },
      { a: { DataType: "Binary", StringValue: "x", BinaryValue: Uint8Array.of(1) } },
      Object.fromEntries(Array.from({ length: 11 }, (_, index) => [`a${index}`, text])),
    ])
      await assert.rejects(
        client.send(new SendMessageCommand({ QueueUrl: PlainUrl, MessageBody: "a", MessageAttributes })),
        { name: "InvalidParameterValue" },
      );
  });

  it("counts the name, type and value of each attribute for the limit of a message and of a batch", async () => {
    const message = (bodyBytes: number) => ({
      MessageBody: "x".repeat(bodyBytes),
      MessageAttributes: {
        kind: { DataType: "String", StringValue: "ü" },
        b: { DataType: "Binary", BinaryValue: Uint8Array.of(1, 2) },
      },
    });
    const send = (bytes: number) => client.send(new SendMessageCommand({ QueueUrl: PlainUrl, ...message(bytes) }));
    const batch = (...sizes: number[]) => {
      const Entries = sizes.map((bytes, index) => ({ Id: `${index}`, ...message(bytes) }));
      return client.send(new SendMessageBatchCommand({ QueueUrl: PlainUrl, Entries }));
    };
    const attributes = "kind".length + "String".length + 2 + "b".length + "Binary".length + 2;
    const most = 1024 * 1024 - attributes;
    await send(most);
    await assert.rejects(send(most + 1), { name: "InvalidParameterValue" });
    const { Successful } = await batch(most - 100 - attributes, 100);
    assert.equal(Successful?.length, 2);
    await assert.rejects(batch(most - 100 - attributes, 101), { name: "BatchRequestTooLong" });
  });

  it("rejects ids that SQS rejects", async () => {
    const fifo = (ids: object) =>
      client.send(new SendMessageCommand({ QueueUrl, ...entry("1", "x"), ...ids } as SendMessageCommandInput));
    for (const id of ["a b", "é", "a".repeat(129)]) {
      await assert.rejects(fifo({ MessageGroupId: id }), { name: "InvalidParameterValue" });
      await assert.rejects(fifo({ MessageDeduplicationId: id }), { name: "InvalidParameterValue" });
    }
    for (const Id of ["", "a b!", "a".repeat(81)]) {
      const Entries = [{ Id, MessageBody: "x" }];
      await assert.rejects(client.send(new SendMessageBatchCommand({ QueueUrl: PlainUrl, Entries })), {
        name: "InvalidBatchEntryId",
      });
    }
  });

  it("rejects a batch of more than ten, one over 1 MiB, a FIFO message without a group, and an unknown queue", async () => {
    const eleven = Array.from({ length: 11 }, (_, index) => entry(`e${index}`, "x"));
    const refused = (command: SendMessageBatchCommand | SendMessageCommand, name: string) =>
      assert.rejects(client.send(command as SendMessageCommand), { name });
    await refused(new SendMessageBatchCommand({ QueueUrl, Entries: eleven }), "TooManyEntriesInBatchRequest");
    const large = entry("l", "x".repeat(1024 * 1024 + 1));
    await refused(new SendMessageBatchCommand({ QueueUrl, Entries: [large] }), "BatchRequestTooLong");
    await refused(new SendMessageCommand({ QueueUrl, MessageBody: "x" }), "MissingParameter");
    await refused(new SendMessageCommand({ QueueUrl: `${QueueUrl}x`, MessageBody: "x" }), "QueueDoesNotExist");
  });
});
