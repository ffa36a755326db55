import { DeleteItemCommand, type DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { EVENT_KEY, ITEM, readFailureObject, STREAM_ID_KEY } from "pulumi-stream-ingestion/internal";
import { type FailureObject, type FailureStore, s3FailureStore } from "../failures/failure-store";
import { rewriteObjects } from "../failures/rewrite-objects";
import { selectObjects } from "../failures/select";
import type { Poison } from "./poison";

/** The item expires, should nothing delete it. */
const TTL_SECONDS = 86_400;
/** The clocks of S3 and of this machine differ. */
const CLOCK_SKEW_MS = 300_000;

export interface PoisonTarget {
  readonly dynamo: DynamoDBClient;
  readonly eventTable: string;
  readonly bucket: string;
  readonly region: string | undefined;
}

export function awsPoison({ dynamo, eventTable, bucket, region }: PoisonTarget): Poison {
  let opened: Promise<FailureStore> | undefined;
  const store = () => {
    opened ??= s3FailureStore(bucket, region);
    return opened;
  };
  let writtenAt = 0;
  async function objectWith(streamId: string, key: string): Promise<FailureObject | undefined> {
    const objects = await selectObjects(await store(), { stream: streamId, since: writtenAt - CLOCK_SKEW_MS });
    for (const object of objects) {
      const text = await (await store()).get(object.key);
      if (text !== undefined && contains(text, key)) return object;
    }
    return undefined;
  }

  return {
    async write(streamId, key) {
      writtenAt = Date.now();
      const Item = {
        [STREAM_ID_KEY]: { S: streamId },
        [EVENT_KEY]: { S: key },
        [ITEM.sequence]: { S: "0.0.0" },
        [ITEM.receivedAt]: { N: String(writtenAt) },
        [ITEM.encoding]: { S: "zstd" },
        [ITEM.data]: { B: Buffer.from("not compressed") },
        [ITEM.ttl]: { N: String(Math.floor(writtenAt / 1_000) + TTL_SECONDS) },
      };
      await dynamo.send(new PutItemCommand({ TableName: eventTable, Item }));
    },

    find: async (streamId, key) => (await objectWith(streamId, key))?.key,

    async remove(streamId, key) {
      const Key = { [STREAM_ID_KEY]: { S: streamId }, [EVENT_KEY]: { S: key } };
      await dynamo.send(new DeleteItemCommand({ TableName: eventTable, Key }));
      const object = await objectWith(streamId, key);
      await rewriteObjects(object ? [object] : [], streamId, {
        store: await store(),
        handle: async (failures) => failures.map((failure) => (failure.key === key ? undefined : failure)),
        onUnreadable: () => {},
      });
    },
  };
}

function contains(text: string, key: string): boolean {
  try {
    return readFailureObject(text).some((failure) => failure.key === key);
  } catch {
    return false;
  }
}
