import { AwsError } from "../../cloud/aws-error";
import type { Permission } from "../../cloud/protocol";
import { refuseOthers, unsupported } from "../../cloud/unsupported";
import type { ChangeStream } from "./change-stream";
import type { Parameters } from "./engine";
import { keySchema, type Tables } from "./tables";

/** DynamoDB Streams for AWS clients. Mappings read the change stream directly. */
export interface StreamsApi {
  permission(operation: string, input: Parameters): Permission;
  /** @throws AwsError with the code of DynamoDB Streams */
  call(operation: string, input: Parameters): unknown;
}

const SHARD_ID = "shardId-00000000000000000000-local";
const MAX_RECORDS = 1_000;
const SERVICE = "DynamoDB Streams";
/** The parameters of each operation. A limit on shards has no effect on one shard. */
const MODELLED: Readonly<Record<string, readonly string[]>> = {
  ListStreams: ["TableName"],
  DescribeStream: ["StreamArn", "Limit"],
  GetShardIterator: ["StreamArn", "ShardId", "ShardIteratorType", "SequenceNumber"],
  GetRecords: ["ShardIterator", "Limit"],
};

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
          StreamLabel: labelOf(arn),
        })),
    }),
    DescribeStream: ({ StreamArn }) => {
      const { arn, horizon } = streamOf(StreamArn);
      const { name, hashKey, rangeKey, streamViewType } = tables.streamed().find(({ stream }) => stream.arn === arn)!;
      return {
        StreamDescription: {
          StreamArn,
          StreamLabel: labelOf(arn),
          StreamStatus: "ENABLED",
          StreamViewType: streamViewType,
          TableName: name,
          KeySchema: keySchema({ hashKey, rangeKey }),
          Shards: [{ ShardId: SHARD_ID, SequenceNumberRange: { StartingSequenceNumber: sequenceNumber(horizon) } }],
        },
      };
    },
    GetShardIterator: ({ StreamArn, ShardId, ShardIteratorType, SequenceNumber }) => {
      const stream = streamOf(StreamArn);
      if (ShardId !== SHARD_ID)
        throw new AwsError("ResourceNotFoundException", 400, `Expected the shard ${SHARD_ID}, got ${String(ShardId)}.`);
      const positions: Readonly<Record<string, number>> = {
        LATEST: stream.end,
        TRIM_HORIZON: stream.horizon,
        AT_SEQUENCE_NUMBER: Number(SequenceNumber),
        AFTER_SEQUENCE_NUMBER: Number(SequenceNumber) + 1,
      };
      const position = positions[String(ShardIteratorType)];
      if (position !== undefined && !Number.isNaN(position)) return { ShardIterator: iterator(stream.arn, position) };
      const expected = `Expected ShardIteratorType to be one of ${Object.keys(positions).join(", ")}, the last two with a SequenceNumber`;
      throw new AwsError("ValidationException", 400, `${expected}; got ${String(ShardIteratorType)}.`);
    },
    GetRecords: ({ ShardIterator, Limit = MAX_RECORDS }) => {
      const { arn, position } = parseIterator(ShardIterator);
      const stream = streamOf(arn);
      if (!(Number(Limit) >= 1 && Number(Limit) <= MAX_RECORDS))
        throw new AwsError(
          "ValidationException",
          400,
          `Expected Limit to be 1 to ${MAX_RECORDS}, got ${String(Limit)}.`,
        );
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
      if (run === undefined) throw unsupported(SERVICE, operation);
      refuseOthers(SERVICE, operation, input, MODELLED[operation]!);
      return run(input);
    },
  };
}

const labelOf = (arn: string) => arn.split("/stream/")[1];

const sequenceNumber = (position: number) => String(position).padStart(21, "0");

/** An iterator contains its stream and position, so it needs no state and does not expire. */
const iterator = (arn: string, position: number) => Buffer.from(`${arn}|${position}`).toString("base64url");

function parseIterator(value: unknown): { arn: string; position: number } {
  const [arn = "", position] = Buffer.from(String(value), "base64url").toString().split("|");
  if (/^\d+$/.test(position ?? "")) return { arn, position: Number(position) };
  throw new AwsError("ValidationException", 400, "Invalid ShardIterator");
}
