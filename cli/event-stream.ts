import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import {
  type AttributeValue,
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  type Shard,
} from "@aws-sdk/client-dynamodb-streams";
import type { ChangeStream } from "./follow-changes";
import { CliError } from "./terminal";

export type Image = Record<string, AttributeValue>;

const TOO_MANY_READERS = ["LimitExceededException", "ProvisionedThroughputExceededException", "ThrottlingException"];

/** The change stream of a table. Credentials and endpoint come from the usual AWS chain. */
export async function eventStream(tableName: string, region: string | undefined): Promise<ChangeStream<Image>> {
  const config = region === undefined ? {} : { region };
  const table = await new DynamoDBClient(config)
    .send(new DescribeTableCommand({ TableName: tableName }))
    .catch(explain(tableName));
  const StreamArn = table.Table?.LatestStreamArn;
  if (StreamArn === undefined) {
    throw new CliError(
      `Table ${tableName} has no change stream. Is it the event table of a deployment?`,
      "NO_CHANGE_STREAM",
    );
  }
  const client = new DynamoDBStreamsClient(config);
  return {
    shards: async () => {
      const shards: Shard[] = [];
      let ExclusiveStartShardId: string | undefined;
      do {
        const { StreamDescription } = await client.send(
          new DescribeStreamCommand({ StreamArn, ExclusiveStartShardId }),
        );
        shards.push(...(StreamDescription?.Shards ?? []));
        ExclusiveStartShardId = StreamDescription?.LastEvaluatedShardId;
      } while (ExclusiveStartShardId !== undefined);
      return shards.map(({ ShardId, SequenceNumberRange }) => ({
        id: ShardId!,
        open: SequenceNumberRange?.EndingSequenceNumber === undefined,
      }));
    },
    iterator: async (ShardId, ShardIteratorType) => {
      const { ShardIterator } = await client.send(
        new GetShardIteratorCommand({ StreamArn, ShardId, ShardIteratorType }),
      );
      return ShardIterator!;
    },
    read: async (ShardIterator) => {
      try {
        const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator }));
        const changes = Records.map(({ eventName, dynamodb }) => ({ eventName, image: dynamodb?.NewImage }));
        return { changes, next: NextShardIterator };
      } catch (error) {
        if (TOO_MANY_READERS.includes((error as Error).name)) return "throttled";
        throw error;
      }
    },
  };
}

const explain =
  (tableName: string) =>
  (error: Error): never => {
    throw new CliError(`Could not read table ${tableName}: ${error.message || error.name}.`, error.name, undefined, {
      cause: error,
    });
  };
