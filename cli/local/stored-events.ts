import { type AttributeValue, DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { EVENT_KEY, storedEvents } from "pulumi-stream-ingestion/internal";
import type { LocalCloud } from "stream-ingestion-local";

export interface StoredEvent {
  readonly streamId: string;
  readonly key: string;
  /** Sort key of its item: its own key, or that of the pack it is in. */
  readonly item: string;
  /** `generation.connection.counter` of the connection that brought it. */
  readonly sequence: string;
  /** The data as received; absent when it is in the bucket. */
  readonly data?: Buffer;
}

/** All events of an event table, read with the operator's credentials. */
export async function readStoredEvents(
  { endpoint, region, operator }: LocalCloud,
  table: string,
): Promise<StoredEvent[]> {
  const client = new DynamoDBClient({ endpoint, region, credentials: operator });
  try {
    const events: StoredEvent[] = [];
    for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true })) {
      events.push(...(page.Items ?? []).flatMap(eventsOf));
    }
    return events;
  } finally {
    client.destroy();
  }
}

function eventsOf(item: Record<string, AttributeValue>): StoredEvent[] {
  return storedEvents(item).map(({ streamId, key, sequence, data }) => ({
    streamId,
    key,
    item: item[EVENT_KEY]!.S!,
    sequence,
    data: data === undefined ? undefined : Buffer.from(data),
  }));
}
