import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { eachBatch, type StreamEvent } from "pulumi-stream-ingestion/processor";

const queue = process.env.QUEUE;
const client = new SQSClient({});

/** SQS takes ten messages and 1 MiB a call; an event may be as large as `events.maxEventBytes`, 1 MiB. */
const MAX_MESSAGES = 10;
const MAX_BYTES = 1024 * 1024;

/** Forwards events to a FIFO queue, one message group a stream. */
export const handler = eachBatch(async (events, { signal }) => {
  for (const group of groups(events)) {
    const command = new SendMessageBatchCommand({
      QueueUrl: queue,
      Entries: group.map((event, index) => ({
        Id: String(index),
        MessageBody: event.data,
        MessageGroupId: event.streamId,
        // Sent again within five minutes, it is dropped by the queue: the batch may be delivered twice, or halved.
        MessageDeduplicationId: event.key,
      })),
    });
    const { Failed = [] } = await client.send(command, { abortSignal: signal });
    // Thrown: the batch is tried again, then halved until the message that SQS refuses is alone.
    if (Failed.length > 0) throw new Error(`SQS refused ${Failed.length} messages: ${Failed[0]?.Message}`);
  }
});

function groups(events: readonly StreamEvent[]): StreamEvent[][] {
  const found: StreamEvent[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    if (bytes + event.bytes.length > MAX_BYTES || found.at(-1)?.length === MAX_MESSAGES) {
      found.push([]);
      bytes = 0;
    }
    found.at(-1)?.push(event);
    bytes += event.bytes.length;
  }
  return found;
}
