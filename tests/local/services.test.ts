import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { CloudWatchLogsClient, FilterLogEventsCommand } from "@aws-sdk/client-cloudwatch-logs";
import {
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
  UpdateTableCommand,
} from "@aws-sdk/client-dynamodb";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  PutObjectTaggingCommand,
  paginateListObjectsV2,
  S3Client,
} from "@aws-sdk/client-s3";
import {
  DescribeSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { resourceHandlers } from "../../local/services/services";
import { type CloudFixture, startFixture } from "./cloud-fixture";

describe("local services", () => {
  let fixture: CloudFixture;

  before(async () => {
    fixture = await startFixture();
  });

  after(() => fixture.cloud.close());

  describe("S3", () => {
    let s3: S3Client;
    let Bucket: string;

    before(async () => {
      s3 = new S3Client(fixture.client);
      Bucket = (await fixture.create("aws:s3/bucket:Bucket", "objects", {})).id!;
    });

    after(() => s3.destroy());

    it("returns the bytes, type and metadata of an object with any key", async () => {
      const Key = "aws/lambda/ä b+c%2F&<d>:1";
      const Body = Buffer.from([0, 1, 255, 13, 10]);
      await s3.send(
        new PutObjectCommand({
          Bucket,
          Key,
          Body,
          ContentType: "x/y",
          CacheControl: "no-store",
          Metadata: { stream: "a" },
        }),
      );
      const got = await s3.send(new GetObjectCommand({ Bucket, Key }));
      assert.deepEqual(Buffer.from(await got.Body!.transformToByteArray()), Body);
      assert.deepEqual([got.ContentType, got.CacheControl, got.Metadata], ["x/y", "no-store", { stream: "a" }]);
      assert.equal((await s3.send(new HeadObjectCommand({ Bucket, Key }))).ContentLength, 5);
      const listed: string[] = [];
      for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Prefix: "aws/lambda/ä b+" })) {
        listed.push(...(page.Contents ?? []).map((object) => object.Key!));
      }
      assert.deepEqual(listed, [Key]);
    });

    it("accepts a body in aws-chunked encoding", async () => {
      const Body = Readable.from([Buffer.from("first\r\n"), Buffer.from("second")]);
      await s3.send(new PutObjectCommand({ Bucket, Key: "streamed", Body, ContentLength: 13 }));
      const { Body: got } = await s3.send(new GetObjectCommand({ Bucket, Key: "streamed" }));
      assert.equal(await got!.transformToString(), "first\r\nsecond");
    });

    it("lists pages in the order of keys", async () => {
      for (const name of ["c", "a", "b"])
        await s3.send(new PutObjectCommand({ Bucket, Key: `page/${name}`, Body: name }));
      const pages: string[][] = [];
      for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, { Bucket, Prefix: "page/" })) {
        pages.push((page.Contents ?? []).map(({ Key }) => Key!));
      }
      assert.deepEqual(pages, [["page/a", "page/b"], ["page/c"]]);
    });

    it("lists a common prefix as one key, on one page", async () => {
      for (const name of ["a/1", "a/2", "b", "c/1", "c/d/2"])
        await s3.send(new PutObjectCommand({ Bucket, Key: `tree/${name}`, Body: name }));
      const pages: unknown[] = [];
      const input = { Bucket, Prefix: "tree/", Delimiter: "/" };
      for await (const page of paginateListObjectsV2({ client: s3, pageSize: 2 }, input)) {
        const prefixes = page.CommonPrefixes?.map(({ Prefix }) => Prefix);
        pages.push([page.KeyCount, prefixes, page.Contents?.map(({ Key }) => Key)]);
      }
      assert.deepEqual(pages, [
        [2, ["tree/a/"], ["tree/b"]],
        [1, ["tree/c/"], undefined],
      ]);
    });

    it("encodes keys for a URL on request, and repeats where a list begins", async () => {
      for (const name of ["a b+(1)*ä", "a c/d"])
        await s3.send(new PutObjectCommand({ Bucket, Key: `encoded/${name}`, Body: "x" }));
      const list = { Bucket, Prefix: "encoded/a ", Delimiter: "/", StartAfter: "encoded/a a", MaxKeys: 1 };
      const plain = await s3.send(new ListObjectsV2Command(list));
      assert.deepEqual([plain.Contents?.[0]?.Key, plain.EncodingType], ["encoded/a b+(1)*ä", undefined]);
      assert.equal(plain.StartAfter, "encoded/a a");
      const first = await s3.send(new ListObjectsV2Command({ ...list, EncodingType: "url" }));
      assert.equal(first.Contents?.[0]?.Key, "encoded/a+b%2B%281%29*%C3%A4");
      assert.deepEqual([first.Prefix, first.Delimiter, first.StartAfter], ["encoded/a+", "/", "encoded/a+a"]);
      const ContinuationToken = first.NextContinuationToken;
      const second = await s3.send(new ListObjectsV2Command({ ...list, EncodingType: "url", ContinuationToken }));
      assert.deepEqual([second.ContinuationToken, second.EncodingType], [ContinuationToken, "url"]);
      assert.deepEqual(second.CommonPrefixes, [{ Prefix: "encoded/a+c/" }]);
    });

    it("accepts who can read an object, who pays and how it is stored, without effect", async () => {
      const owner = { ExpectedBucketOwner: "123456789012", RequestPayer: "requester" } as const;
      const object = { Bucket, Key: "settings", ...owner };
      await s3.send(
        new PutObjectCommand({
          ...object,
          Body: "x",
          ACL: "bucket-owner-full-control",
          StorageClass: "STANDARD_IA",
          ServerSideEncryption: "aws:kms",
          SSEKMSKeyId: "alias/key",
          SSEKMSEncryptionContext: "e30=",
          BucketKeyEnabled: true,
        }),
      );
      const { Body } = await s3.send(new GetObjectCommand(object));
      assert.equal(await Body!.transformToString(), "x");
    });

    it("deletes an object", async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key: "gone", Body: "x" }));
      await s3.send(new DeleteObjectCommand({ Bucket, Key: "gone" }));
      await assert.rejects(s3.send(new GetObjectCommand({ Bucket, Key: "gone" })), { name: "NoSuchKey" });
      await assert.rejects(s3.send(new HeadObjectCommand({ Bucket, Key: "gone" })), { name: "NotFound" });
    });

    it("returns a range of an object, and rejects a range outside it", async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key: "ranged", Body: "0123456789" }));
      const range = async (Range: string) => {
        const { Body, ContentRange } = await s3.send(new GetObjectCommand({ Bucket, Key: "ranged", Range }));
        return [await Body!.transformToString(), ContentRange];
      };
      assert.deepEqual(await range("bytes=2-4"), ["234", "bytes 2-4/10"]);
      assert.deepEqual(await range("bytes=8-"), ["89", "bytes 8-9/10"]);
      assert.deepEqual(await range("bytes=-3"), ["789", "bytes 7-9/10"]);
      assert.deepEqual(await range("bytes=5-99"), ["56789", "bytes 5-9/10"]);
      const head = await s3.send(new HeadObjectCommand({ Bucket, Key: "ranged", Range: "bytes=2-4" }));
      assert.deepEqual([head.ContentLength, head.ContentRange], [3, "bytes 2-4/10"]);
      await assert.rejects(range("bytes=10-12"), { name: "InvalidRange" });
    });

    it("refuses conditions and parts of an object that it does not model, and changes nothing", async () => {
      await s3.send(new PutObjectCommand({ Bucket, Key: "kept", Body: "as it was" }));
      const Tagging = { TagSet: [{ Key: "a", Value: "b" }] };
      for (const refused of [
        () => s3.send(new PutObjectCommand({ Bucket, Key: "kept", Body: "new", IfNoneMatch: "*" })),
        () => s3.send(new GetObjectCommand({ Bucket, Key: "kept", IfMatch: "other" })),
        () => s3.send(new PutObjectTaggingCommand({ Bucket, Key: "kept", Tagging })),
        () => s3.send(new CopyObjectCommand({ Bucket, Key: "kept", CopySource: `${Bucket}/other` })),
      ])
        await assert.rejects(refused(), { name: "NotImplemented" });
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: "kept" }));
      assert.equal(await Body!.transformToString(), "as it was");
    });

    it("applies an explicit deny of the bucket policy", async () => {
      const locked = await fixture.create("aws:s3/bucket:Bucket", "locked", {});
      const Statement = [{ Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource: `${locked.arn}/*` }];
      await fixture.create("aws:s3/bucketPolicy:BucketPolicy", "p", {
        bucket: locked.id,
        policy: JSON.stringify({ Statement }),
      });
      await assert.rejects(s3.send(new PutObjectCommand({ Bucket: locked.id, Key: "a", Body: "x" })), {
        name: "AccessDenied",
      });
    });
  });

  describe("Secrets Manager", () => {
    let client: SecretsManagerClient;

    before(() => {
      client = new SecretsManagerClient(fixture.client);
    });

    after(() => client.destroy());

    it("returns the deployed value, and the new one after a rotation", async () => {
      const { id: SecretId, name } = await fixture.create("aws:secretsmanager/secret:Secret", "source", {});
      const version = { secretId: SecretId, secretString: "one" };
      const { versionId } = await fixture.create("aws:secretsmanager/secretVersion:SecretVersion", "v", version);
      const first = await client.send(new GetSecretValueCommand({ SecretId: name }));
      assert.deepEqual([first.SecretString, first.VersionId], ["one", versionId]);

      const rotated = await client.send(new PutSecretValueCommand({ SecretId, SecretString: "two" }));
      assert.equal((await client.send(new GetSecretValueCommand({ SecretId }))).SecretString, "two");
      const { VersionIdsToStages } = await client.send(new DescribeSecretCommand({ SecretId }));
      assert.deepEqual(VersionIdsToStages, { [versionId!]: ["AWSPREVIOUS"], [rotated.VersionId!]: ["AWSCURRENT"] });
    });

    it("rejects an unknown secret", async () => {
      await assert.rejects(client.send(new GetSecretValueCommand({ SecretId: "nothing" })), {
        name: "ResourceNotFoundException",
      });
    });
  });

  describe("CloudWatch Logs", () => {
    const type = "aws:cloudwatch/logGroup:LogGroup";
    let client: CloudWatchLogsClient;

    before(() => {
      client = new CloudWatchLogsClient(fixture.client);
    });

    after(() => client.destroy());

    async function messages(logGroupName: string): Promise<unknown> {
      const { events } = await client.send(new FilterLogEventsCommand({ logGroupName }));
      return events?.map(({ message }) => message);
    }

    it("reads a group that is deployed, also while it is empty, until its deletion, which deletes its lines", async () => {
      const { id = "", ...outputs } = await fixture.create(type, "empty", {});
      assert.deepEqual(await messages(id), []);
      fixture.cloud.logs.add({ group: id, at: 1, text: "before" });
      assert.deepEqual(await messages(id), ["before"]);
      await resourceHandlers.get(type)!.delete(fixture.cloud, id, { id, outputs });
      await assert.rejects(messages(id), { name: "ResourceNotFoundException" });
      fixture.cloud.logs.add({ group: id, at: 1, text: "after" });
      assert.deepEqual(await messages(id), ["after"]);
    });

    it("returns each line with its own id, also on the next read, and the time of its arrival", async () => {
      const { id: logGroupName = "" } = await fixture.create(type, "lines", {});
      for (const text of ["a", "a"]) fixture.cloud.logs.add({ group: logGroupName, at: 5, text });
      const read = async () => (await client.send(new FilterLogEventsCommand({ logGroupName }))).events;
      const [one, other] = (await read())!;
      assert.deepEqual([one?.timestamp, one?.ingestionTime], [5, 5]);
      assert.match(one?.eventId ?? "", /^\d+$/);
      assert.notEqual(one?.eventId, other?.eventId);
      assert.deepEqual(await read(), [one, other]);
    });

    it("finds lines with all terms, or with any of the terms with ?", async () => {
      const { id: logGroupName = "" } = await fixture.create(type, "terms", {});
      for (const text of ["one", "two", "one two", "three"])
        fixture.cloud.logs.add({ group: logGroupName, at: 1, text });
      const find = async (filterPattern: string) => {
        const { events } = await client.send(new FilterLogEventsCommand({ logGroupName, filterPattern }));
        return events?.map(({ message }) => message);
      };
      assert.deepEqual(await find('"one" "two"'), ["one two"]);
      assert.deepEqual(await find('?"one" ?"two"'), ["one", "two", "one two"]);
      for (const pattern of ['?"one" "two"', '"one" -"two"', "{ $.a = 1 }"])
        await assert.rejects(find(pattern), ({ name, message }: Error) => {
          assert.equal(name, "InvalidParameterException");
          assert.ok(message.includes(pattern), message);
          return true;
        });
    });

    it("keeps a group with skipDestroy when it leaves the program", async () => {
      const { id = "", ...outputs } = await fixture.create(type, "skipped", { skipDestroy: true });
      fixture.cloud.logs.add({ group: id, at: 1, text: "a" });
      await resourceHandlers.get(type)!.delete(fixture.cloud, id, { id, outputs });
      assert.deepEqual(await messages(id), ["a"]);
    });
  });

  describe("DynamoDB", () => {
    it("describes a table with its stream and TTL, and refuses to change them", async () => {
      const keys = { hashKey: "id", attributes: [{ name: "id", type: "S" }] };
      const { name: plain } = await fixture.create("aws:dynamodb/table:Table", "plain", keys);
      const { name: full, streamArn } = await fixture.create("aws:dynamodb/table:Table", "full", {
        ...keys,
        streamEnabled: true,
        streamViewType: "NEW_IMAGE",
        ttl: { attributeName: "ttl", enabled: true },
      });
      const client = new DynamoDBClient(fixture.client);
      const described = async (TableName?: string) => {
        const { Table } = await client.send(new DescribeTableCommand({ TableName }));
        const { TimeToLiveDescription } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
        return [Table?.LatestStreamArn, Table?.StreamSpecification, TimeToLiveDescription];
      };
      assert.deepEqual(await described(plain), [undefined, undefined, { TimeToLiveStatus: "DISABLED" }]);
      assert.deepEqual(await described(full), [
        streamArn,
        { StreamEnabled: true, StreamViewType: "NEW_IMAGE" },
        { TimeToLiveStatus: "ENABLED", AttributeName: "ttl" },
      ]);
      const StreamSpecification = { StreamEnabled: true, StreamViewType: "NEW_IMAGE" } as const;
      await assert.rejects(client.send(new UpdateTableCommand({ TableName: plain, StreamSpecification })), {
        message:
          "The local DynamoDB does not support UpdateTable with StreamSpecification. Change it in the Pulumi program.",
      });
      client.destroy();
    });

    it("creates an item of a program only where none has its key, and changes its own", async () => {
      const type = "aws:dynamodb/tableItem:TableItem";
      const client = new DynamoDBClient(fixture.client);
      const { name: TableName = "" } = await fixture.createTable("owned", false);
      const read = async () => (await client.send(new GetItemCommand({ TableName, Key: { id: { S: "a" } } }))).Item?.n;
      const inputs = (n: string) => ({
        tableName: TableName,
        hashKey: "id",
        item: JSON.stringify({ id: { S: "a" }, n: { S: n } }),
      });
      const created = await fixture.create(type, "first", inputs("1"));
      await assert.rejects(fixture.create(type, "second", inputs("2")), { code: "ConditionalCheckFailedException" });
      assert.deepEqual(await read(), { S: "1" });
      await resourceHandlers.get(type)!.update(
        fixture.cloud,
        created.id!,
        { id: created.id!, outputs: created },
        {
          urn: "u",
          type,
          name: "first",
          inputs: inputs("3"),
        },
      );
      assert.deepEqual(await read(), { S: "3" });
      client.destroy();
    });

    it("returns the item that failed a condition on request", async () => {
      const client = new DynamoDBClient(fixture.client);
      const { name: TableName } = await fixture.createTable("rows", false);
      await client.send(new PutItemCommand({ TableName, Item: { id: { S: "a" }, owner: { S: "me" } } }));
      const stolen = client.send(
        new UpdateItemCommand({
          TableName,
          Key: { id: { S: "a" } },
          UpdateExpression: "SET #o = :o",
          ConditionExpression: "#o = :o",
          ExpressionAttributeNames: { "#o": "owner" },
          ExpressionAttributeValues: { ":o": { S: "you" } },
          ReturnValuesOnConditionCheckFailure: "ALL_OLD",
        }),
      );
      await assert.rejects(stolen, (error: { name: string; Item: unknown }) => {
        assert.equal(error.name, "ConditionalCheckFailedException");
        assert.deepEqual(error.Item, { id: { S: "a" }, owner: { S: "me" } });
        return true;
      });
      client.destroy();
    });
  });
});
