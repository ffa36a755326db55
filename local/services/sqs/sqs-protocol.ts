import { AwsError } from "../../cloud/aws-error";
import { failAsJson, type Operation, type Protocol } from "../../cloud/protocol";
import type { Message, Queue, Queues } from "./queues";

interface Entry {
  readonly Id: string;
  readonly MessageBody: string;
  readonly MessageGroupId?: string;
  readonly MessageDeduplicationId?: string;
}

interface Input extends Entry {
  readonly QueueUrl?: string;
  readonly Entries?: readonly Entry[];
  readonly ReceiptHandle?: string;
  readonly MaxNumberOfMessages?: number;
  readonly VisibilityTimeout?: number;
}

const MAX_ENTRIES = 10;
const MAX_BYTES = 1024 * 1024;
const DEFAULT_VISIBILITY_SECONDS = 30;

export interface SqsOptions {
  readonly queues: Queues;
  readonly region: string;
  readonly accountId: string;
}

/** SQS's JSON protocol: send, single and in batches, receive without waiting, delete. */
export function sqsProtocol({ queues, region, accountId }: SqsOptions): Protocol {
  return {
    open(request): Operation {
      const name = /^AmazonSQS\.(\w+)$/.exec(request.headers["x-amz-target"] ?? "")?.[1] ?? "";
      const step = steps[name];
      if (step === undefined)
        throw new AwsError("UnknownOperationException", 400, `The local SQS does not support ${name}.`);
      const input = JSON.parse(request.body.toString()) as Input;
      const queueName = input.QueueUrl?.split("/").at(-1) ?? "";
      return {
        permissions: [{ action: `sqs:${step.action}`, resource: `arn:aws:sqs:${region}:${accountId}:${queueName}` }],
        run: async () => {
          const queue = queues.find(queueName);
          if (queue !== undefined)
            return {
              status: 200,
              headers: { "content-type": "application/x-amz-json-1.0" },
              body: JSON.stringify(step.run(queue, input)),
            };
          throw new AwsError("QueueDoesNotExist", 400, `The specified queue does not exist: ${queueName}`);
        },
      };
    },
    fail: failAsJson,
  };
}

/** Operations by name. A batch needs the same permission as the single operation. */
const steps: Readonly<Record<string, { action: string; run(queue: Queue, input: Input): object }>> = {
  SendMessage: { action: "SendMessage", run: (queue, input) => sent(send(queue, input)) },
  SendMessageBatch: { action: "SendMessage", run: sendBatch },
  ReceiveMessage: {
    action: "ReceiveMessage",
    run: (queue, { MaxNumberOfMessages = 1, VisibilityTimeout = DEFAULT_VISIBILITY_SECONDS }) => ({
      Messages: queue.receive(MaxNumberOfMessages, VisibilityTimeout * 1000).map(received),
    }),
  },
  DeleteMessage: {
    action: "DeleteMessage",
    run: (queue, { ReceiptHandle = "" }) => {
      queue.delete(ReceiptHandle);
      return {};
    },
  },
};

function sendBatch(queue: Queue, { Entries = [] }: Input): object {
  if (Entries.length < 1 || Entries.length > MAX_ENTRIES)
    throw new AwsError(
      "TooManyEntriesInBatchRequest",
      400,
      `Expected 1 to ${MAX_ENTRIES} entries, got ${Entries.length}.`,
    );
  const bytes = Entries.reduce((sum, { MessageBody }) => sum + Buffer.byteLength(MessageBody), 0);
  if (bytes > MAX_BYTES)
    throw new AwsError(
      "BatchRequestTooLong",
      400,
      `Batch requests cannot be longer than ${MAX_BYTES} bytes, got ${bytes}.`,
    );
  const Successful: object[] = [];
  const Failed: object[] = [];
  for (const entry of Entries) {
    try {
      Successful.push({ Id: entry.Id, ...sent(send(queue, entry)) });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      Failed.push({ Id: entry.Id, SenderFault: true, Code: error.code, Message: error.message });
    }
  }
  return { Successful, Failed };
}

function send(queue: Queue, { MessageBody, MessageGroupId, MessageDeduplicationId }: Entry): Message {
  // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessage.html
  // biome-ignore lint/suspicious/noControlCharactersInRegex: SQS rejects them
  if (/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/.test(MessageBody))
    throw new AwsError("InvalidMessageContents", 400, "The message contains characters outside the allowed set.");
  if (queue.fifo && (MessageGroupId === undefined || MessageDeduplicationId === undefined))
    throw new AwsError("MissingParameter", 400, "A FIFO queue needs MessageGroupId and MessageDeduplicationId.");
  return queue.send({ body: MessageBody, groupId: MessageGroupId, deduplicationId: MessageDeduplicationId });
}

function sent({ id, md5 }: Message): object {
  return { MessageId: id, MD5OfMessageBody: md5 };
}

function received({ id, body, md5, receipt, groupId }: Message): object {
  return { MessageId: id, Body: body, MD5OfBody: md5, ReceiptHandle: receipt, Attributes: { MessageGroupId: groupId } };
}
