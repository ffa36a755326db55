import { type AttributeValue, BatchGetItemCommand, DynamoDBClient, paginateQuery } from "@aws-sdk/client-dynamodb";
import { EVENT_KEY, ITEM, STREAM_ID_KEY, type StoredEvent, storedEvents } from "pulumi-stream-ingestion/internal";
import type { StoredItem } from "./run-replay";

/** The items of a stream with events in a range, and what reading them cost. */
export interface FoundItems {
  readonly items: readonly StoredItem[];
  readonly readUnits: number;
}

/** Reads of the event table. */
export interface StoredItems {
  /** `from` and before `to`, in epoch milliseconds. */
  find(streamId: string, from: number, to: number): Promise<FoundItems>;
  /** The events of these items, in any order. Items that have expired are absent. */
  read(items: readonly StoredItem[]): Promise<readonly StoredEvent[]>;
}

/** Maximum of `events.slices`. */
const MAX_SLICES = 64;
/** Limit of https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const BATCH_KEYS = 100;

/** The partition keys that a stream may have. */
export const partitionsOf = (streamId: string): string[] => [
  streamId,
  ...Array.from({ length: MAX_SLICES }, (_, slice) => `${streamId}#${slice}`),
];

/** The event table through the AWS SDK. Set `AWS_ENDPOINT_URL` for a local one. */
export function storedItems(tableName: string, region: string | undefined): StoredItems {
  const client = new DynamoDBClient(region === undefined ? {} : { region });
  return {
    async find(streamId, from, to) {
      const items: StoredItem[] = [];
      let readUnits = 0;
      for (const partition of partitionsOf(streamId)) {
        const pages = paginateQuery(
          { client },
          {
            TableName: tableName,
            ReturnConsumedCapacity: "TOTAL",
            KeyConditionExpression: "#s = :s",
            ProjectionExpression: "#k, #r, #l, #n",
            FilterExpression: "#r < :to AND (#r >= :from OR #l >= :from)",
            ExpressionAttributeNames: {
              "#s": STREAM_ID_KEY,
              "#k": EVENT_KEY,
              "#r": ITEM.receivedAt,
              "#l": ITEM.lastReceivedAt,
              "#n": ITEM.count,
            },
            ExpressionAttributeValues: {
              ":s": { S: partition },
              ":from": { N: String(from) },
              ":to": { N: String(to) },
            },
          },
        );
        for await (const { Items = [], ConsumedCapacity } of pages) {
          readUnits += ConsumedCapacity?.CapacityUnits ?? 0;
          items.push(...Items.map((item) => itemOf(partition, item)));
        }
      }
      return { items, readUnits };
    },
    async read(items) {
      const events: StoredEvent[] = [];
      for (let start = 0; start < items.length; start += BATCH_KEYS) {
        const Keys = items.slice(start, start + BATCH_KEYS).map(({ partition, key }) => ({
          [STREAM_ID_KEY]: { S: partition },
          [EVENT_KEY]: { S: key },
        }));
        let keys: Record<string, AttributeValue>[] = Keys;
        while (keys.length > 0) {
          const { Responses, UnprocessedKeys } = await client.send(
            new BatchGetItemCommand({ RequestItems: { [tableName]: { Keys: keys } } }),
          );
          events.push(...(Responses?.[tableName] ?? []).flatMap((item) => storedEvents(item)));
          keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
        }
      }
      return events;
    },
  };
}

function itemOf(partition: string, item: Record<string, AttributeValue>): StoredItem {
  const receivedAt = Number(item[ITEM.receivedAt]?.N);
  return {
    partition,
    key: item[EVENT_KEY]?.S ?? "",
    receivedAt,
    lastReceivedAt: Number(item[ITEM.lastReceivedAt]?.N ?? receivedAt),
    events: Number(item[ITEM.count]?.N ?? 1),
  };
}
