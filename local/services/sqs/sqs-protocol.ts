import { AwsError } from "../../cloud/aws-error";
import { failAsJson, type Operation, type Protocol } from "../../cloud/protocol";
import { readInput, refuseOthers, unsupported } from "../../cloud/unsupported";
import { attributesMd5, invalidValue, type MessageAttributes, requestedAttributes } from "./message-attributes";
import { checkEntry, checkEntryId, type Entry, MAX_BYTES, sizeOf } from "./message-entry";
import type { Message, Queue, Queues } from "./queues";

interface Input extends Entry {
  readonly QueueUrl?: string;
  readonly AttributeNames?: readonly string[];
  readonly MessageSystemAttributeNames?: readonly string[];
  readonly MessageAttributeNames?: readonly string[];
  readonly WaitTimeSeconds?: number;
  readonly Entries?: readonly Entry[];
  readonly ReceiptHandle?: string;
  readonly MaxNumberOfMessages?: number;
  readonly VisibilityTimeout?: number;
}

const MAX_ENTRIES = 10;
const MAX_VISIBILITY_SECONDS = 43_200;
const GROUP_ID = "MessageGroupId";
const MESSAGE = ["MessageBody", "MessageAttributes", "DelaySeconds", GROUP_ID, "MessageDeduplicationId"];

export interface SqsOptions {
  readonly queues: Queues;
  readonly region: string;
  readonly accountId: string;
}

/** SQS's JSON protocol: send, single and in batches, receive without long polling, delete. */
export function sqsProtocol({ queues, region, accountId }: SqsOptions): Protocol {
  return {
    open(request): Operation {
      const name = /^AmazonSQS\.(\w+)$/.exec(request.headers["x-amz-target"] ?? "")?.[1] ?? "";
      const step = steps[name];
      if (step === undefined) throw unsupported("SQS", name);
      const input = readInput(request) as Input & Record<string, unknown>;
      refuseOthers("SQS", name, input, ["QueueUrl", ...step.parameters]);
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
const steps: Readonly<Record<string, Step>> = {
  SendMessage: {
    action: "SendMessage",
    parameters: MESSAGE,
    run(queue, input) {
      refuseDelay("SendMessage", input);
      return sent(send(queue, input));
    },
  },
  SendMessageBatch: { action: "SendMessage", parameters: ["Entries"], run: sendBatch },
  ReceiveMessage: {
    action: "ReceiveMessage",
    parameters: [
      "MaxNumberOfMessages",
      "VisibilityTimeout",
      "WaitTimeSeconds",
      "AttributeNames",
      "MessageSystemAttributeNames",
      "MessageAttributeNames",
    ],
    run: receive,
  },
  DeleteMessage: {
    action: "DeleteMessage",
    parameters: ["ReceiptHandle"],
    run: (queue, { ReceiptHandle = "" }) => {
      queue.delete(ReceiptHandle);
      return {};
    },
  },
};

interface Step {
  readonly action: string;
  /** The modelled parameters. */
  readonly parameters: readonly string[];
  run(queue: Queue, input: Input): object;
}

function receive(queue: Queue, input: Input): object {
  const { MaxNumberOfMessages: count = 1, VisibilityTimeout, WaitTimeSeconds = 0 } = input;
  const attributes = [...(input.AttributeNames ?? []), ...(input.MessageSystemAttributeNames ?? [])];
  const other = attributes.find((name) => name !== GROUP_ID);
  if (other !== undefined) throw unsupported("SQS", `ReceiveMessage with the attribute ${other}`);
  if (WaitTimeSeconds > 0) throw unsupported("SQS", "ReceiveMessage with WaitTimeSeconds above 0");
  inRange("MaxNumberOfMessages", count, 1, 10);
  if (VisibilityTimeout !== undefined) inRange("VisibilityTimeout", VisibilityTimeout, 0, MAX_VISIBILITY_SECONDS);
  const messages = queue.receive(count, VisibilityTimeout && VisibilityTimeout * 1000);
  const answer = (message: Message) => received(message, attributes, input.MessageAttributeNames ?? []);
  return messages.length === 0 ? {} : { Messages: messages.map(answer) };
}

function inRange(name: string, value: number, min: number, max: number): void {
  if (value >= min && value <= max) return;
  throw invalidValue(`Expected ${name} to be ${min} to ${max}, got ${value}.`);
}

function sendBatch(queue: Queue, { Entries = [] }: Input): object {
  if (Entries.length < 1 || Entries.length > MAX_ENTRIES)
    throw new AwsError(
      "TooManyEntriesInBatchRequest",
      400,
      `Expected 1 to ${MAX_ENTRIES} entries, got ${Entries.length}.`,
    );
  if (new Set(Entries.map(({ Id }) => Id)).size < Entries.length)
    throw new AwsError("BatchEntryIdsNotDistinct", 400, "Two entries of the batch have the same Id.");
  for (const entry of Entries) {
    checkEntryId(entry);
    refuseOthers("SQS", "SendMessageBatch", { ...entry }, ["Id", ...MESSAGE]);
    refuseDelay("SendMessageBatch", entry);
  }
  const bytes = Entries.reduce((sum, entry) => sum + sizeOf(entry), 0);
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

function refuseDelay(operation: string, { DelaySeconds }: Entry): void {
  if (DelaySeconds) throw unsupported("SQS", `${operation} with DelaySeconds above 0`);
}

function send(queue: Queue, entry: Entry): Message {
  checkEntry(entry, queue.fifo);
  return queue.send({
    body: entry.MessageBody,
    attributes: entry.MessageAttributes,
    groupId: entry.MessageGroupId,
    deduplicationId: entry.MessageDeduplicationId,
  });
}

function sent({ id, md5, attributes, sequenceNumber }: Message): object {
  return { MessageId: id, MD5OfMessageBody: md5, ...md5Of(attributes), SequenceNumber: sequenceNumber };
}

function received(
  { id, body, md5, receipt, groupId, attributes }: Message,
  systemNames: readonly string[],
  names: readonly string[],
): object {
  const requested = requestedAttributes(attributes, names);
  return {
    MessageId: id,
    Body: body,
    MD5OfBody: md5,
    ReceiptHandle: receipt,
    ...(systemNames.length > 0 && { Attributes: { [GROUP_ID]: groupId } }),
    ...(Object.keys(requested).length > 0 && { MessageAttributes: requested }),
    ...md5Of(requested),
  };
}

/** Absent for a message without attributes. */
const md5Of = (attributes: MessageAttributes) =>
  Object.keys(attributes).length > 0 ? { MD5OfMessageAttributes: attributesMd5(attributes) } : {};
