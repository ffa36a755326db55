import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DynamoDBClient, PutItemCommand, ScanCommand } from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { DeployedResource } from "../../local/resources/resource-handler";
import { resourceHandlers } from "../../local/services/services";
import { archive, type CloudFixture, isDelivery, isPhase, startFixture } from "./cloud-fixture";

/** The program before and after the restart: type, name and inputs in order. Inputs can use earlier resources. */
type Made = Record<string, DeployedResource>;
const out = (made: Made, name: string, output: string) => made[name]?.outputs[output];
const PROGRAM: readonly (readonly [type: string, name: string, inputs: (made: Made) => object])[] = [
  [
    "aws:dynamodb/table:Table",
    "table",
    () => ({
      hashKey: "id",
      attributes: [{ name: "id", type: "S" }],
      streamEnabled: true,
      streamViewType: "NEW_IMAGE",
    }),
  ],
  ["aws:s3/bucket:Bucket", "bucket", () => ({})],
  ["aws:secretsmanager/secret:Secret", "secret", () => ({})],
  [
    "aws:secretsmanager/secretVersion:SecretVersion",
    "version",
    (made) => ({ secretId: made.secret!.id, secretString: "deployed" }),
  ],
  ["aws:iam/role:Role", "role", () => ({})],
  [
    "aws:iam/rolePolicy:RolePolicy",
    "policy",
    (made) => ({ role: made.role!.id, policy: '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}' }),
  ],
  [
    "aws:lambda/function:Function",
    "fn",
    (made) => ({
      role: out(made, "role", "arn"),
      runtime: "nodejs24.x",
      code: archive("exports.handler = async () => {};"),
    }),
  ],
  [
    "aws:lambda/eventSourceMapping:EventSourceMapping",
    "mapping",
    (made) => ({
      eventSourceArn: out(made, "table", "streamArn"),
      functionName: out(made, "fn", "arn"),
      startingPosition: "TRIM_HORIZON",
      enabled: true,
    }),
  ],
];

describe("a cloud with a data folder", () => {
  let dataDir: string;
  let fixture: CloudFixture;

  beforeEach(() => {
    dataDir = mkdtempSync(join(tmpdir(), "cloud-"));
  });

  afterEach(async () => {
    await fixture.cloud.close();
    rmSync(dataDir, { recursive: true });
  });

  /** Runs the program as an evaluation does: creates new resources and updates those of an earlier start. */
  async function start(before: Made = {}, overrides: Record<string, object> = {}): Promise<Made> {
    fixture = await startFixture({ dataDir });
    const made: Made = {};
    for (const [type, name, inputsOf] of PROGRAM) {
      const inputs = { ...inputsOf(made), ...overrides[name] } as Record<string, unknown>;
      const resource = { urn: name, type, name, inputs };
      const handler = resourceHandlers.get(type)!;
      const old = before[name];
      made[name] = old
        ? await handler.update(fixture.cloud, old.id, old, resource)
        : await handler.create(fixture.cloud, resource);
    }
    return made;
  }

  it("keeps tables, objects and rotated secrets under the same names", async () => {
    const made = await start();
    const { client } = fixture;
    const Bucket = made.bucket!.id;
    const SecretId = made.secret!.id;
    await new DynamoDBClient(client).send(
      new PutItemCommand({ TableName: made.table!.id, Item: { id: { S: "a" }, blob: { B: Buffer.from([1, 2]) } } }),
    );
    await new S3Client(client).send(new PutObjectCommand({ Bucket, Key: "a/b c", Body: Buffer.from([0, 10, 255]) }));
    await new SecretsManagerClient(client).send(new PutSecretValueCommand({ SecretId, SecretString: "rotated" }));
    await fixture.cloud.close();

    const again = await start(made);
    assert.deepEqual(
      Object.values(again).map(({ id }) => id),
      Object.values(made).map(({ id }) => id),
    );
    const { Items } = await new DynamoDBClient(fixture.client).send(new ScanCommand({ TableName: made.table!.id }));
    assert.deepEqual(Items, [{ id: { S: "a" }, blob: { B: new Uint8Array([1, 2]) } }]);
    const { Body } = await new S3Client(fixture.client).send(new GetObjectCommand({ Bucket, Key: "a/b c" }));
    assert.deepEqual(Buffer.from(await Body!.transformToByteArray()), Buffer.from([0, 10, 255]));
    const secret = await new SecretsManagerClient(fixture.client).send(new GetSecretValueCommand({ SecretId }));
    assert.equal(secret.SecretString, "rotated");
  });

  it("delivers the undelivered records, and none twice", async () => {
    const put = (id: string) =>
      new DynamoDBClient(fixture.client).send(
        new PutItemCommand({ TableName: made.table!.id, Item: { id: { S: id } } }),
      );
    const ids = () => fixture.events.filter(isDelivery).flatMap(({ records }) => records.map(({ keys }) => keys.id));
    const made = await start();
    await put("delivered");
    await fixture.seen(isDelivery);
    await fixture.cloud.close();

    const disabled = await start(made, { mapping: { enabled: false } });
    await put("waiting");
    await fixture.cloud.close();
    assert.deepEqual(ids(), []);

    await start(disabled);
    await fixture.seen(isDelivery);
    await put("new");
    await fixture.cloud.mappings.drain(120_000);
    assert.deepEqual(ids(), ["waiting", "new"]);
  });

  it("ends a hanging batch and delivers it again", async () => {
    const hanging = { fn: { code: archive("exports.handler = () => new Promise(() => {});"), timeout: 900 } };
    const made = await start({}, hanging);
    await new DynamoDBClient(fixture.client).send(
      new PutItemCommand({ TableName: made.table!.id, Item: { id: { S: "a" } } }),
    );
    await fixture.seen(isPhase("start"));
    await fixture.cloud.close();
    assert.equal(fixture.events.filter(isPhase("killed")).length, 1);

    await start(made);
    const [delivery] = await fixture.seen(isDelivery);
    assert.deepEqual(delivery?.failed, []);
  });

  it("rejects a table whose keys differ from the stored ones", async () => {
    const made = await start();
    const table = resourceHandlers.get("aws:dynamodb/table:Table")!;
    const inputs = { name: made.table!.id, hashKey: "key", attributes: [{ name: "key", type: "S" }] };
    const other = table.create(fixture.cloud, { urn: "u", type: "t", name: "table", inputs });
    await assert.rejects(other, /exists with the keys id; expected key/);
  });
});
