import { EVENT_KEY, ITEM, PACK_PREFIX, STREAM_ID_KEY } from "../contract";
import type { AttributeJson, StoredEvent } from "./item";
import { packKey } from "./pack";
import { type CorruptItem, readableEvents } from "./stored-events";

type Item = Readonly<Record<string, AttributeJson>>;

/** Reads of the event table, as DynamoDB answers them. Reject when there was no answer. */
export type ReadEvents = (operation: "Query" | "BatchGetItem", input: object) => Promise<ReadAnswer>;

export interface ReadAnswer {
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Item;
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, unknown>>;
}

/** The newest events of a stream: all that meet one of the conditions, and possibly some before them. */
export interface PackRange {
  /** Received at this time or later, in epoch ms. */
  readonly since: number;
  /** After this event: `generation.connection.counter`. */
  readonly after?: string;
  /** Received at this time or later, as long as they are at most `events`. */
  readonly upTo?: { readonly since: number; readonly events: number };
}

/** What earlier hops stored of a stream. */
export interface EventHistory {
  /** The events of its packs in a range, in order. Packs are decoded one at a time. */
  packed(streamId: string, range: PackRange): Promise<Iterable<StoredEvent>>;
  /** The single events with these keys, in any order. `partitionOf` gives a key's partition. */
  single(keys: readonly string[], partitionOf: (key: string) => string): Promise<readonly StoredEvent[]>;
}

/** Limit of https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html */
const BATCH_KEYS = 100;

/** A corrupt item is reported, and the others are read: if the source sends its events again, they are stored again. */
export function eventHistory(
  tableName: string,
  read: ReadEvents,
  onCorrupt: (item: CorruptItem) => void,
): EventHistory {
  /** The events of packs, which are ordered newest first. */
  function* eventsOf(packs: readonly Item[]): Generator<StoredEvent> {
    for (const pack of packs.toReversed()) yield* readableEvents(pack, onCorrupt);
  }

  return {
    async packed(streamId, { since, after, upTo = { since, events: 0 } }) {
      const before = after === undefined ? undefined : endOf(after);
      const packs: Item[] = [];
      let count = 0;
      let ExclusiveStartKey: Item | undefined;
      do {
        const { Items = [], LastEvaluatedKey } = await read("Query", {
          TableName: tableName,
          ConsistentRead: true,
          ScanIndexForward: false,
          KeyConditionExpression: "#s = :s AND begins_with(#k, :p)",
          ExpressionAttributeNames: { "#s": STREAM_ID_KEY, "#k": EVENT_KEY },
          ExpressionAttributeValues: { ":s": { S: streamId }, ":p": { S: PACK_PREFIX } },
          ...(ExclusiveStartKey && { ExclusiveStartKey }),
        });
        for (const pack of Items) {
          const last = Number(pack[ITEM.lastReceivedAt]?.N);
          const isOld = last < since && (last < upTo.since || count >= upTo.events);
          if (isOld && (before === undefined || pack[EVENT_KEY]!.S! < before)) return eventsOf(packs);
          count += Number(pack[ITEM.count]?.N);
          packs.push(pack);
        }
        ExclusiveStartKey = LastEvaluatedKey;
      } while (ExclusiveStartKey);
      return eventsOf(packs);
    },

    async single(keys, partitionOf) {
      const events: StoredEvent[] = [];
      for (let start = 0; start < keys.length; start += BATCH_KEYS) {
        const Keys = keys.slice(start, start + BATCH_KEYS).map((key) => ({
          [STREAM_ID_KEY]: { S: partitionOf(key) },
          [EVENT_KEY]: { S: key },
        }));
        let RequestItems: object | undefined = { [tableName]: { Keys, ConsistentRead: true } };
        while (RequestItems !== undefined) {
          const { Responses, UnprocessedKeys = {} }: ReadAnswer = await read("BatchGetItem", { RequestItems });
          events.push(...(Responses?.[tableName] ?? []).flatMap((item) => readableEvents(item, onCorrupt)));
          RequestItems = Object.keys(UnprocessedKeys).length > 0 ? UnprocessedKeys : undefined;
        }
      }
      return events;
    },
  };
}

/** The key after every pack that begins with this event or before it. */
function endOf(sequence: string): string {
  const [generation = 0, connection = 0, counter = 0] = sequence.split(".").map(Number);
  return packKey(generation, connection, counter, "~");
}
