import { AwsError } from "../../cloud/aws-error";
import type { Permission } from "../../cloud/protocol";
import type { ChangeStream } from "./change-stream";
import type { Parameters } from "./engine";
import type { Tables } from "./tables";

/** DynamoDB Streams for AWS clients. Mappings read the change stream directly. */
export interface StreamsApi {
  permission(operation: string, input: Parameters): Permission;
  /** @throws AwsError with the code of DynamoDB Streams */
  call(operation: string, input: Parameters): unknown;
}

const SHARD_ID = "shardId-00000000000000000000-local";
const MAX_RECORDS = 1_000;

/** DynamoDB Streams over the single shard of a local change stream. */
export function streamsApi(tables: Tables): StreamsApi {
  const streamOf = (arn: unknown): ChangeStream => {
    const stream = tables.streamOf(String(arn));
    if (stream !== undefined) return stream;
    throw new AwsError(
      "ResourceNotFoundException",
      400,
      `Requested resource not found: Stream: ${String(arn)} not found`,
    );
  };

  const operations: Readonly<Record<string, (input: Parameters) => unknown>> = {
    ListStreams: ({ TableName }) => ({
      Streams: tables
        .streamed()
        .filter(({ name }) => TableName === undefined || name === TableName)
        .map(({ name, stream: { arn } }) => ({
          StreamArn: arn,
          TableName: name,
          StreamLabel: arn.split("/stream/")[1],
        })),
    }),
    DescribeStream: ({ StreamArn }) => {
      const StartingSequenceNumber = sequenceNumber(streamOf(StreamArn).horizon);
      const Shards = [{ ShardId: SHARD_ID, SequenceNumberRange: { StartingSequenceNumber } }];
      return { StreamDescription: { StreamArn, StreamStatus: "ENABLED", Shards } };
    },
    GetShardIterator: ({ StreamArn, ShardIteratorType, SequenceNumber }) => {
      const stream = streamOf(StreamArn);
      const positions: Readonly<Record<string, number>> = {
        LATEST: stream.end,
        TRIM_HORIZON: stream.horizon,
        AT_SEQUENCE_NUMBER: Number(SequenceNumber),
        AFTER_SEQUENCE_NUMBER: Number(SequenceNumber) + 1,
      };
      return { ShardIterator: iterator(stream.arn, positions[String(ShardIteratorType)] ?? stream.end) };
    },
    GetRecords: ({ ShardIterator, Limit = MAX_RECORDS }) => {
      const { arn, position } = parseIterator(ShardIterator);
      const stream = streamOf(arn);
      const from = Math.max(position, stream.horizon);
      const Records = stream.read(from, Number(Limit));
      return { Records, NextShardIterator: iterator(arn, from + Records.length) };
    },
  };

  return {
    permission(operation, { StreamArn, ShardIterator }) {
      const action = `dynamodb:${operation}`;
      if (operation === "ListStreams") return { action, resource: "*" };
      return { action, resource: operation === "GetRecords" ? parseIterator(ShardIterator).arn : String(StreamArn) };
    },
    call(operation, input) {
      const run = operations[operation];
      if (run !== undefined) return run(input);
      throw new AwsError("UnknownOperationException", 400, `The local DynamoDB Streams does not support ${operation}.`);
    },
  };
}

const sequenceNumber = (position: number) => String(position).padStart(21, "0");

/** An iterator contains its stream and position, so it needs no state and does not expire. */
const iterator = (arn: string, position: number) => Buffer.from(`${arn}|${position}`).toString("base64url");

function parseIterator(value: unknown): { arn: string; position: number } {
  const [arn = "", position] = Buffer.from(String(value), "base64url").toString().split("|");
  if (/^\d+$/.test(position ?? "")) return { arn, position: Number(position) };
  throw new AwsError("ValidationException", 400, "Invalid ShardIterator");
}
