import { type Input, interpolate } from "@pulumi/pulumi";
import { FAILURE_PREFIX, LAMBDA_FAILURE_PREFIX, OVERSIZE_PREFIX, PROGRESS_PREFIX } from "../runtime/contract";
import type { EventStorage } from "./args";

/** One statement of an IAM policy. */
export interface Statement {
  readonly Effect: "Allow" | "Deny";
  readonly Action: string[];
  readonly Resource: Input<string>[];
}

const allow = (Action: string[], ...Resource: Input<string>[]): Statement => ({ Effect: "Allow", Action, Resource });

/** ARNs that the statements use. */
export interface Arns {
  readonly connectionTable: Input<string>;
  readonly eventTable: Input<string>;
  readonly eventStream: Input<string>;
  readonly bucket: Input<string>;
  readonly secret: Input<string>;
}

/** Allows writes to the function's own log group. The component creates the group, so no function may create one. */
export const logStatements = (logGroupArn: Input<string>): Statement[] => [
  allow(["logs:CreateLogStream", "logs:PutLogEvents"], interpolate`${logGroupArn}:*`),
];

/** Required by a function in a VPC, as AWS documents it: https://docs.aws.amazon.com/lambda/latest/dg/configuration-vpc.html */
export const NETWORK_INTERFACES: Statement[] = [
  allow(
    [
      "ec2:CreateNetworkInterface",
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSubnets",
      "ec2:DeleteNetworkInterface",
      "ec2:AssignPrivateIpAddresses",
      "ec2:UnassignPrivateIpAddresses",
    ],
    "*",
  ),
];

/** X-Ray supports no narrower resource than `*`. */
export const writeTraces: Statement[] = [allow(["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "*")];

/** `read`: environment, secret, stream. `write`: tables and objects as well. */
export type KeyUse = "read" | "write";

/** DynamoDB, S3 and Secrets Manager use the customer's key with the caller's permissions. */
export const useKey = (keyArn: Input<string> | undefined, use: KeyUse): Statement[] => {
  if (keyArn === undefined) return [];
  const write = use === "write" ? ["kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"] : [];
  return [allow(["kms:Decrypt", "kms:DescribeKey", ...write], keyArn)];
};

/** For the role of a function that an event source mapping invokes with the table's changes. */
const readStream = ({ eventStream }: Arns): Statement[] => [
  allow(["dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator"], eventStream),
  allow(["dynamodb:ListStreams"], "*"),
];

/** Reads what an earlier hop stored. A deployment that never stores packs needs none of it. */
const readBack: Readonly<Record<EventStorage, string[]>> = {
  each: ["dynamodb:Query"],
  packed: ["dynamodb:Query", "dynamodb:BatchGetItem"],
};

export const connectionManagerStatements = (arns: Arns, storage: EventStorage | undefined): Statement[] => [
  allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], arns.connectionTable),
  allow(["dynamodb:BatchWriteItem", ...(storage ? readBack[storage] : [])], arns.eventTable),
  allow(["secretsmanager:GetSecretValue"], arns.secret),
  allow(["s3:PutObject"], interpolate`${arns.bucket}/${OVERSIZE_PREFIX}*`),
];

export const connectionApiStatements = (arns: Arns): Statement[] => [
  allow(["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Scan"], arns.connectionTable),
];

export const watchdogStatements = (arns: Arns): Statement[] => [
  allow(["dynamodb:GetItem", "dynamodb:UpdateItem", "dynamodb:Scan"], arns.connectionTable),
  allow(["secretsmanager:DescribeSecret"], arns.secret),
];

export const repeatCounterStatements = (arns: Arns): Statement[] => [
  ...readStream(arns),
  allow(["dynamodb:GetItem", "dynamodb:UpdateItem"], arns.connectionTable),
];

export const invokeStatements = (functionArn: Input<string>): Statement[] => [
  allow(["lambda:InvokeFunction"], functionArn),
];

/** For the event source mapping and the processor wrapper; an existing function's role needs the same. */
export const eventProcessorStatements = (arns: Arns, storage: EventStorage | undefined): Statement[] => [
  ...readStream(arns),
  allow(["s3:GetObject"], interpolate`${arns.bucket}/${OVERSIZE_PREFIX}*`),
  ...(storage ? [allow(["s3:GetObject", "s3:PutObject"], interpolate`${arns.bucket}/${PROGRESS_PREFIX}*`)] : []),
  allow(
    ["s3:PutObject"],
    interpolate`${arns.bucket}/${FAILURE_PREFIX}*`,
    interpolate`${arns.bucket}/${LAMBDA_FAILURE_PREFIX}*`,
  ),
  allow(["s3:ListBucket"], arns.bucket),
];
