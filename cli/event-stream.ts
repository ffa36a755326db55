import {
  type AttributeValue,
  DescribeStreamCommand,
  DynamoDBStreamsClient,
  type DynamoDBStreamsClientConfig,
  GetRecordsCommand,
  GetShardIteratorCommand,
  ListStreamsCommand,
  type Shard,
} from "@aws-sdk/client-dynamodb-streams";
import { explained } from "./aws-error";
import type { ChangeStream } from "./follow-changes";
import { CliError } from "./terminal";

export type Image = Record<string, AttributeValue>;

const TOO_MANY_READERS = ["LimitExceededException", "ProvisionedThroughputExceededException", "ThrottlingException"];

/**
 * The change stream of a table.
 *
 * @param access absent values come from the AWS credential chain
 * @param signal closes its connections when it aborts
 */
export async function eventStream(
  tableName: string,
  access: DynamoDBStreamsClientConfig,
  signal?: AbortSignal,
): Promise<ChangeStream<Image>> {
  const client = new DynamoDBStreamsClient(access);
  signal?.addEventListener("abort", () => client.destroy());
  const { Streams = [] } = await client
    .send(new ListStreamsCommand({ TableName: tableName }))
    .catch((error: Error): never => {
      const known = explained(error);
      // Its own message does not name the table.
      if (known !== error && error.name !== "ResourceNotFoundException") throw known;
      const message = `Could not read the change stream of table ${tableName}: ${error.message || error.name}.`;
      throw new CliError(message, error.name, undefined, { cause: error });
    });
  // A disabled stream stays readable for a day. Labels are times, so the last one is the enabled stream.
  const StreamArn = Streams.sort((a, b) => (a.StreamLabel! < b.StreamLabel! ? -1 : 1)).at(-1)?.StreamArn;
  if (StreamArn === undefined) {
    const message = `Table ${tableName} has no change stream. Pass the event table of a deployment with --table.`;
    throw new CliError(message, "NO_CHANGE_STREAM");
  }
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
