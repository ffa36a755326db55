import assert from "node:assert/strict";
import { CloudWatchClient, DescribeAlarmsCommand, PutMetricDataCommand } from "@aws-sdk/client-cloudwatch";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
} from "@aws-sdk/client-dynamodb";
import { DescribeStreamCommand, DynamoDBStreamsClient, ListStreamsCommand } from "@aws-sdk/client-dynamodb-streams";
import { GetFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretCommand,
} from "@aws-sdk/client-secrets-manager";
import {
  PurgeQueueCommand,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SendMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { createBuckets } from "../../local/services/s3/buckets";
import { s3Protocol } from "../../local/services/s3/s3-protocol";
import { signedFetch } from "../security/signed-fetch";
import { type CloudFixture, startFixture } from "./cloud-fixture";

/** A request and what the answer must name. */
type Refused = readonly [send: () => Promise<unknown>, named: string];

describe("the local cloud", () => {
  let fixture: CloudFixture;
  let clients: { destroy(): void }[];
  let dynamo: DynamoDBClient;
  let streams: DynamoDBStreamsClient;
  let s3: S3Client;
  let lambda: LambdaClient;
  let sqs: SQSClient;
  let secrets: SecretsManagerClient;
  let alarms: CloudWatchClient;
  let logs: CloudWatchLogsClient;
  let TableName: string;
  let QueueUrl: string;
  let SecretId: string;
  let FunctionName: string;
  const Bucket = "bucket";

  before(async () => {
    fixture = await startFixture();
    const options = { ...fixture.client, maxAttempts: 1 };
    dynamo = new DynamoDBClient(options);
    streams = new DynamoDBStreamsClient(options);
    s3 = new S3Client(options);
    lambda = new LambdaClient(options);
    sqs = new SQSClient(options);
    secrets = new SecretsManagerClient(options);
    alarms = new CloudWatchClient(options);
    logs = new CloudWatchLogsClient(options);
    clients = [dynamo, streams, s3, lambda, sqs, secrets, alarms, logs];
    await fixture.create("aws:s3/bucket:Bucket", Bucket, { bucket: Bucket });
    TableName = (await fixture.createTable("table")).name!;
    QueueUrl = (await fixture.create("aws:sqs/queue:Queue", "queue", {})).url!;
    SecretId = (await fixture.create("aws:secretsmanager/secret:Secret", "secret", {})).id!;
    FunctionName = (await fixture.createFunction("function", "exports.handler = async () => {}")).name!;
  });
  after(async () => {
    for (const client of clients) client.destroy();
    await fixture.cloud.close();
  });

  it("refuses an operation that it does not model, and names it", () =>
    expectRefused([
      [() => dynamo.send(new TransactWriteItemsCommand({ TransactItems: [] })), "TransactWriteItems"],
      [() => lambda.send(new GetFunctionCommand({ FunctionName })), `GET /2015-03-31/functions/${FunctionName}`],
      [() => s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "a" }] } })), "POST with ?delete"],
      [() => sqs.send(new PurgeQueueCommand({ QueueUrl })), "PurgeQueue"],
      [() => alarms.send(new PutMetricDataCommand({ Namespace: "a", MetricData: [] })), "PutMetricData"],
    ]));

  it("refuses a parameter that would have no effect, and names it", () => {
    const message = { QueueUrl, MessageBody: "a" };
    const customerKey = { SSECustomerAlgorithm: "AES256", SSECustomerKey: "a".repeat(32) };
    return expectRefused([
      [
        () => dynamo.send(new CreateTableCommand({ ...table("new"), TableClass: "STANDARD" })),
        "CreateTable with TableClass",
      ],
      [() => dynamo.send(new DeleteTableCommand({ TableName })), "DeleteTable on a table of the Pulumi program"],
      [() => streams.send(new ListStreamsCommand({ Limit: 1 })), "ListStreams with Limit"],
      [() => lambda.send(new InvokeCommand({ FunctionName, Qualifier: "live" })), "Invoke with the qualifier live"],
      [
        () => lambda.send(new InvokeCommand({ FunctionName: `${FunctionName}:live` })),
        "Invoke with the qualifier live",
      ],
      [() => lambda.send(new InvokeCommand({ FunctionName, LogType: "Tail" })), "Invoke with LogType Tail"],
      [() => lambda.send(new InvokeCommand({ FunctionName, ClientContext: "e30=" })), "x-amz-client-context"],
      [
        () => s3.send(new PutObjectCommand({ Bucket, Key: "a", Body: "a", Tagging: "a=b" })),
        "PUT with the header x-amz-tagging",
      ],
      [
        () => s3.send(new ListObjectsV2Command({ Bucket, OptionalObjectAttributes: ["RestoreStatus"] })),
        "GET with the header x-amz-optional-object-attributes",
      ],
      [() => s3.send(new ListObjectsV2Command({ Bucket, FetchOwner: true })), "GET with ?fetch-owner"],
      [
        () => s3.send(new PutObjectCommand({ Bucket, Key: "a", Body: "a", ...customerKey })),
        "PUT with the header x-amz-server-side-encryption-customer-",
      ],
      [
        () => s3.send(new CopyObjectCommand({ Bucket, Key: "b", CopySource: `${Bucket}/a` })),
        "PUT with the header x-amz-copy-source",
      ],
      [
        () => sqs.send(new SendMessageCommand({ ...message, DelaySeconds: 9 })),
        "SendMessage with DelaySeconds above 0",
      ],
      [
        () =>
          sqs.send(
            new SendMessageBatchCommand({ QueueUrl, Entries: [{ Id: "a", MessageBody: "a", DelaySeconds: 9 }] }),
          ),
        "SendMessageBatch with DelaySeconds above 0",
      ],
      [
        () => {
          const MessageAttributes = { a: { DataType: "String", StringValue: "x", StringListValues: ["y"] } };
          return sqs.send(new SendMessageCommand({ ...message, MessageAttributes }));
        },
        "the message attribute a with StringListValues",
      ],
      [
        () => sqs.send(new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 9 })),
        "ReceiveMessage with WaitTimeSeconds",
      ],
      [
        () => sqs.send(new ReceiveMessageCommand({ QueueUrl, MessageSystemAttributeNames: ["SentTimestamp"] })),
        "ReceiveMessage with the attribute SentTimestamp",
      ],
      [() => secrets.send(new UpdateSecretCommand({ SecretId, Description: "a" })), "UpdateSecret with Description"],
      [
        () => secrets.send(new PutSecretValueCommand({ SecretId, SecretString: "a", VersionStages: ["AWSPENDING"] })),
        "PutSecretValue with VersionStages AWSPENDING",
      ],
      [() => alarms.send(new DescribeAlarmsCommand({ AlarmNamePrefix: "a" })), "DescribeAlarms with AlarmNamePrefix"],
      [() => logs.send(new FilterLogEventsCommand({ logGroupName: "a", limit: 1 })), "FilterLogEvents with limit"],
    ]);
  });

  it("rejects what AWS rejects, with the same code", async () => {
    const arn = `arn:aws:lambda:eu-west-1:999999999999:function:${FunctionName}`;
    const elsewhere = `arn:aws:dynamodb:eu-west-1:999999999999:table/${TableName}`;
    const token = "a".repeat(32);
    const written = { SecretId, SecretString: "one", ClientRequestToken: token };
    const { VersionId } = await secrets.send(new PutSecretValueCommand(written));
    const Payload = Buffer.from(JSON.stringify("a".repeat(1024 * 1024)));
    const expected: readonly [() => Promise<unknown>, string][] = [
      [() => lambda.send(new InvokeCommand({ FunctionName: arn })), "ResourceNotFoundException"],
      [
        () => lambda.send(new InvokeCommand({ FunctionName: "b", InvocationType: "DryRun" })),
        "ResourceNotFoundException",
      ],
      [
        () => lambda.send(new InvokeCommand({ FunctionName, InvocationType: "Event", Payload })),
        "RequestEntityTooLargeException",
      ],
      [
        () => dynamo.send(new GetItemCommand({ TableName: elsewhere, Key: { id: { S: "a" } } })),
        "ResourceNotFoundException",
      ],
      [() => s3.send(new PutObjectCommand({ Bucket, Key: "a", Body: "a", ContentMD5: "AAAA" })), "InvalidDigest"],
      [
        () => s3.send(new PutObjectCommand({ Bucket, Key: "a", Body: "a", ContentMD5: `${"A".repeat(22)}==` })),
        "BadDigest",
      ],
      [() => s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: -5 })), "InvalidArgument"],
      [() => s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1.5 })), "InvalidArgument"],
      [() => s3.send(new ListObjectsV2Command({ Bucket, EncodingType: "base64" as "url" })), "InvalidArgument"],
      [() => sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "" })), "MissingParameter"],
      [() => sqs.send(new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 11 })), "InvalidParameterValue"],
      [() => logs.send(new FilterLogEventsCommand({ logGroupName: "other" })), "ResourceNotFoundException"],
      [
        () => logs.send(new FilterLogEventsCommand({ logGroupName: "other", startTime: 2, endTime: 1 })),
        "InvalidParameterException",
      ],
      [() => secrets.send(new PutSecretValueCommand({ SecretId })), "InvalidParameterException"],
      [() => secrets.send(new PutSecretValueCommand({ ...written, SecretString: "two" })), "ResourceExistsException"],
      [
        () => secrets.send(new GetSecretValueCommand({ SecretId, VersionId, VersionStage: "AWSPREVIOUS" })),
        "ResourceNotFoundException",
      ],
    ];
    for (const [send, name] of expected) await assert.rejects(send(), { name });
    await secrets.send(new PutSecretValueCommand(written));
    const { SecretString } = await secrets.send(new GetSecretValueCommand({ SecretId }));
    assert.equal(SecretString, "one");
  });

  it("describes a stream with its table and keys, and a table that a client created without TTL", async () => {
    const { Streams: [listed] = [] } = await streams.send(new ListStreamsCommand({ TableName }));
    const { StreamDescription } = await streams.send(new DescribeStreamCommand({ StreamArn: listed!.StreamArn }));
    assert.equal(StreamDescription!.TableName, TableName);
    assert.equal(StreamDescription!.StreamViewType, "NEW_AND_OLD_IMAGES");
    assert.deepEqual(StreamDescription!.KeySchema, [{ AttributeName: "id", KeyType: "HASH" }]);
    await dynamo.send(new CreateTableCommand(table("of-a-client")));
    const { TimeToLiveDescription } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName: "of-a-client" }));
    assert.deepEqual(TimeToLiveDescription, { TimeToLiveStatus: "DISABLED" });
  });

  it("names a service that it does not have, and refuses unsigned requests and buckets in host names", async () => {
    const { endpoint: url, region, credentials } = fixture.client;
    const { status, body } = await signedFetch({
      url,
      region,
      credentials,
      service: "ssm",
      method: "POST",
      body: "{}",
    });
    assert.equal(status, 404);
    assert.match(
      body.message,
      /^The local cloud does not support the service "ssm", only sts, .*Set AWS_ENDPOINT_URL_/,
    );
    const presigned = await fetch(`${url}/bucket/a?X-Amz-Signature=a`);
    assert.match(await presigned.text(), /supports no presigned URLs/);
    const virtual = {
      method: "GET",
      path: "/",
      query: new URLSearchParams(),
      sourceIp: "127.0.0.1",
      body: Buffer.of(),
    };
    assert.throws(() => s3Protocol(createBuckets()).open({ ...virtual, headers: { host: "bucket.localhost:4566" } }), {
      code: "NotImplemented",
      message: /expects the bucket bucket in the path/,
    });
  });
});

const table = (TableName: string): CreateTableCommandInput => ({
  TableName,
  BillingMode: "PAY_PER_REQUEST",
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
});

async function expectRefused(requests: readonly Refused[]): Promise<void> {
  for (const [send, named] of requests) {
    await assert.rejects(send(), ({ message }: Error) => {
      assert.match(message, /^The local [\w ]+ does not support .+\. (Leave it out|Change it)/);
      assert.ok(message.includes(named), `Expected ${named} in: ${message}`);
      return true;
    });
  }
}
