import { SendMessageBatchCommand, SQSClient } from "@aws-sdk/client-sqs";
import { eachBatch, type StreamEvent } from "pulumi-stream-ingestion/processor";

const queue = process.env.QUEUE;
const client = new SQSClient({});

/** SQS accepts 10 messages and 1 MiB per call. An event has at most `events.maxEventBytes`, 1 MiB by default. */
const MAX_MESSAGES = 10;
const MAX_BYTES = 1024 * 1024;

/** Forwards events to a FIFO queue, with one message group per stream. */
export const handler = eachBatch(async (events, { signal }) => {
  for (const group of groups(events)) {
    const command = new SendMessageBatchCommand({
      QueueUrl: queue,
      Entries: group.map((event, index) => ({
        Id: String(index),
        MessageBody: event.data,
        MessageGroupId: event.streamId,
        // A batch can be delivered twice or halved. The queue drops a message that is sent again within five minutes.
        MessageDeduplicationId: event.key,
      })),
    });
    const { Failed = [] } = await client.send(command, { abortSignal: signal });
    // The batch is retried, then halved until the refused message is alone.
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
