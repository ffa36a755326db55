import {
  type AttributeValue,
  BatchGetItemCommand,
  DynamoDBClient,
  paginateQuery,
  QueryCommand,
} from "@aws-sdk/client-dynamodb";
import {
  type CorruptItem,
  EVENT_KEY,
  ITEM,
  PACK_PREFIX,
  packKey,
  readableEvents,
  STREAM_ID_KEY,
  type StoredEvent,
} from "pulumi-stream-ingestion/internal";
import { type GenerationStart, generationRange } from "./generation-range";
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
  /** The events of these items, in any order. Items that have expired are absent, and corrupt ones are reported. */
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

/** After every key that begins with the prefix of packs, and before every other key after them. */
const AFTER_PACKS = `${PACK_PREFIX.slice(0, -1)}$`;

/** A condition for sort keys, with its values. */
interface Keys {
  readonly condition?: string;
  readonly values?: Readonly<Record<string, AttributeValue>>;
}

/** The event table through the AWS SDK. Set `AWS_ENDPOINT_URL` for a local one. A corrupt item does not end a read. */
export function storedItems(
  tableName: string,
  region: string | undefined,
  onCorrupt: (item: CorruptItem) => void,
): StoredItems {
  const client = new DynamoDBClient(region === undefined ? {} : { region });
  return {
    async find(streamId, from, to) {
      const items: StoredItem[] = [];
      let readUnits = 0;
      const query = (partition: string, { condition, values }: Keys) => ({
        TableName: tableName,
        ReturnConsumedCapacity: "TOTAL" as const,
        KeyConditionExpression: condition === undefined ? "#s = :s" : `#s = :s AND ${condition}`,
        ExpressionAttributeNames: { "#s": STREAM_ID_KEY, "#k": EVENT_KEY, "#r": ITEM.receivedAt },
        ExpressionAttributeValues: { ":s": { S: partition }, ...values },
      });
      const collect = async (partition: string, keys: Keys) => {
        const { ExpressionAttributeNames, ExpressionAttributeValues, ...rest } = query(partition, keys);
        const input = {
          ...rest,
          ProjectionExpression: "#k, #r, #l, #n",
          FilterExpression: "#r < :to AND (#r >= :from OR #l >= :from)",
          ExpressionAttributeNames: { ...ExpressionAttributeNames, "#l": ITEM.lastReceivedAt, "#n": ITEM.count },
          ExpressionAttributeValues: {
            ...ExpressionAttributeValues,
            ":from": { N: String(from) },
            ":to": { N: String(to) },
          },
        };
        for await (const { Items = [], ConsumedCapacity } of paginateQuery({ client }, input)) {
          readUnits += ConsumedCapacity?.CapacityUnits ?? 0;
          items.push(...Items.map((item) => itemOf(partition, item)));
        }
      };
      const onePack = async (values: Keys["values"], forward: boolean): Promise<GenerationStart | undefined> => {
        const { Items = [], ConsumedCapacity } = await client.send(
          new QueryCommand({
            ...query(streamId, { condition: "#k BETWEEN :a AND :b", values }),
            ProjectionExpression: "#k, #r",
            ScanIndexForward: forward,
            Limit: 1,
          }),
        );
        readUnits += ConsumedCapacity?.CapacityUnits ?? 0;
        return Items.map((item) => ({ ...itemOf(streamId, item), generation: generationOf(item) }))[0];
      };
      const [main, ...slices] = partitionsOf(streamId);
      for (const slice of slices) await collect(slice, {});
      // The sort key of a single event is a hash: all of them are read.
      await collect(main!, { condition: "#k < :a", values: { ":a": { S: PACK_PREFIX } } });
      await collect(main!, { condition: "#k >= :b", values: { ":b": { S: AFTER_PACKS } } });
      const generations = await generationRange(
        { from, to },
        {
          from: (generation) => onePack(between(generation), true),
          last: async () => (await onePack(between(0), false))?.generation,
        },
      );
      if (generations !== undefined)
        await collect(main!, {
          condition: "#k BETWEEN :a AND :b",
          values: between(generations.first, generations.last + 1),
        });
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
          events.push(...(Responses?.[tableName] ?? []).flatMap((item) => readableEvents(item, onCorrupt)));
          keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
        }
      }
      return events;
    },
  };
}

/** Sort keys from this generation to before another one. No pack has one of these two keys. */
function between(first: number, before?: number): Readonly<Record<string, AttributeValue>> {
  return {
    ":a": { S: packKey(first, 0, 0, "") },
    ":b": { S: before === undefined ? AFTER_PACKS : packKey(before, 0, 0, "") },
  };
}

const generationOf = (item: Record<string, AttributeValue>) => Number(item[EVENT_KEY]?.S?.split("#")[1]);

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
