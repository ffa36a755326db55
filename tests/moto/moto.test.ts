import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  type Arns,
  connectionApiStatements,
  connectionManagerStatements,
  eventProcessorStatements,
  invokeStatements,
  type Statement,
  watchdogStatements,
} from "../../components/permissions";
import { type AwsClient, awsClient } from "../../runtime/aws/json-client";
import { s3Client } from "../../runtime/aws/s3-client";
import type { Credentials } from "../../runtime/aws/sigv4";
import { CONTRACT_VERSION, ENV, OVERSIZE_PREFIX, type RelaySettings } from "../../runtime/contract";
import { dynamodbStore } from "../../runtime/data/dynamodb-store";
import { eventHistory, type ReadEvents } from "../../runtime/data/event-history";
import { encodeItem } from "../../runtime/data/item";
import { encodePack } from "../../runtime/data/pack";
import { connectionTable, dynamoReads, invokeFunction } from "../../runtime/handlers/aws";
import { awsTarget } from "../../runtime/handlers/environment";
import { readSourceSecret } from "../../runtime/handlers/source-secret";
import { eachEvent } from "../../runtime/processor";
import { connectionTableContract } from "../control/connection-table.contract";
import { startUpstream, type Upstream } from "../fakes/upstream";
import { usePython } from "../models/python";
import { asFunction, freshHandler } from "./handlers";
import { type MotoServer, startMoto } from "./moto-server";

const settings: RelaySettings = {
  v: CONTRACT_VERSION,
  source: {
    format: "lines",
    auth: { kind: "bearer" },
    resume: { kind: "none" },
    idleTimeoutMs: 60_000,
    on: [],
    end: "complete",
    webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 } },
  },
  relay: { handover: "auto", streamsPerHop: 1 },
  events: { identity: { kind: "content" }, ttlDays: 7, maxEventBytes: 1_048_576, slices: 1 },
};

const NAMES = { connections: "connections", events: "events", bucket: "bucket", secret: "source", manager: "manager" };
/** moto compares resources in another way than AWS does, so the statements keep their actions and allow every resource. */
const ARNS: Arns = { connectionTable: "*", eventTable: "*", eventStream: "*", bucket: "*", secret: "*" };
const anywhere = (statements: readonly Statement[]) =>
  statements.map((statement) => ({ Effect: statement.Effect, Action: statement.Action, Resource: ["*"] }));

describe("moto, with authentication on", () => {
  usePython();
  let moto: MotoServer;
  let upstream: Upstream;
  let sdk: { readonly endpoint: string; readonly region: string; readonly credentials: Credentials };
  const roles: Record<string, Required<Credentials>> = {};
  const clients: AwsClient[] = [];

  before(async () => {
    moto = await startMoto();
    sdk = { endpoint: moto.endpoint, region: moto.region, credentials: moto.operator };
    upstream = await startUpstream((response) => {
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.end(`{"n":1}\n{"n":2}\n${JSON.stringify({ n: 3, large: "x".repeat(500_000) })}\n`);
    });
    // moto derives the action from the operation's name.
    const invoke = invokeStatements("*").map((one) => ({ ...one, Action: [...one.Action, "lambda:Invoke"] }));
    const statements = {
      api: [...connectionApiStatements(ARNS), ...invoke],
      manager: [...connectionManagerStatements(ARNS, undefined), ...invoke],
      packer: connectionManagerStatements(ARNS, "packed"),
      watchdog: [...watchdogStatements(ARNS), ...invoke],
      processor: eventProcessorStatements(ARNS, undefined),
    };
    for (const [name, own] of Object.entries(statements)) roles[name] = await moto.role(name, anywhere(own));
    await createResources();
  });
  after(async () => {
    for (const client of clients) client.close();
    await upstream?.close();
    await moto?.close();
  });

  async function createResources(): Promise<void> {
    const dynamodb = new DynamoDBClient(sdk);
    for (const [TableName, ...keys] of [
      [NAMES.connections, "streamId"],
      [NAMES.events, "streamId", "key"],
      ["contract", "streamId"],
      ["history", "streamId", "key"],
    ] as const)
      await dynamodb.send(
        new CreateTableCommand({
          TableName,
          KeySchema: keys.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
          AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
    await s3().send(
      new CreateBucketCommand({ Bucket: NAMES.bucket, CreateBucketConfiguration: { LocationConstraint: "eu-west-1" } }),
    );
    const SecretString = JSON.stringify({ url: upstream.url, path: "/{streamId}", key: "k" });
    await new SecretsManagerClient(sdk).send(new CreateSecretCommand({ Name: NAMES.secret, SecretString }));
    await new LambdaClient(sdk).send(
      new CreateFunctionCommand({
        FunctionName: NAMES.manager,
        Role: `arn:aws:iam::123456789012:role/manager`,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Code: { ZipFile: emptyZip() },
      }),
    );
  }

  const s3 = () => new S3Client({ ...sdk, forcePathStyle: true });

  const variables = {
    [ENV.connectionTable]: NAMES.connections,
    [ENV.eventTable]: NAMES.events,
    [ENV.bucket]: NAMES.bucket,
    [ENV.sourceSecret]: NAMES.secret,
    [ENV.connectionManager]: NAMES.manager,
    [ENV.settings]: JSON.stringify(settings),
    [ENV.release]: "r1",
    [ENV.deployment]: "test",
    [ENV.declaredRow]: "#declared",
  };
  const as = <T>(role: string, run: () => Promise<T>) => asFunction(moto, roles[role]!, variables, run);
  const clientOf = (service: "dynamodb" | "lambda" | "secretsmanager") => {
    const client = awsClient(awsTarget(service));
    clients.push(client);
    return client;
  };

  describe("the connection table", () => {
    let role: Required<Credentials>;
    before(async () => {
      role = await moto.role("contract", anywhere(connectionApiStatements(ARNS)));
    });
    connectionTableContract(() =>
      asFunction(moto, role, variables, async () =>
        connectionTable("contract", { client: held(clientOf("dynamodb"), role) }),
      ),
    );
    /** The client reads its credentials at each call, outside `asFunction`. */
    function held(client: AwsClient, credentials: Required<Credentials>): AwsClient {
      return { ...client, send: (call) => asFunction(moto, credentials, variables, () => client.send(call)) };
    }
  });

  it("stores a batch of 25 events, and the same batch again, with one item for each", () =>
    as("manager", async () => {
      const store = dynamodbStore(NAMES.events, awsTarget("dynamodb"));
      const items = Array.from({ length: 25 }, (_, n) =>
        encodeItem(
          {
            streamId: "batch",
            key: `k${n}`,
            type: "",
            id: "",
            data: `ü${n}`,
            dataBytes: 4,
            receivedAt: 1,
            sequence: "1.1.1",
          },
          60,
          1,
        ),
      );
      assert.deepEqual(await store.write(items), []);
      assert.deepEqual(await store.write(items), []);
      await store.close();
      const { Items = [] } = await new DynamoDBClient(sdk).send(new ScanCommand({ TableName: NAMES.events }));
      assert.equal(Items.filter(({ streamId }) => streamId?.S === "batch").length, 25);
    }));

  it("reads back events by their keys, and the packs of a stream over several pages, newest first", () =>
    as("packer", async () => {
      const store = dynamodbStore("history", awsTarget("dynamodb"));
      const event = { type: "", id: "", receivedAt: 1 };
      const single = Array.from({ length: 120 }, (_, n) =>
        encodeItem({ ...event, streamId: "back", key: `k${n}`, data: `${n}`, dataBytes: 3, sequence: "1.1.1" }, 60, 1),
      );
      const place = { streamId: "back", generation: 2, connection: 1, nonce: "n", ttlSeconds: 60, contentKeys: true };
      const packs = Array.from({ length: 8 }, (_, n) => {
        const data = `${n} ${randomBytes(200_000).toString("base64")}`;
        return encodePack([{ ...event, key: "", data, counter: n + 1 }], place);
      });
      for (let start = 0; start < single.length; start += 25)
        assert.deepEqual(await store.write(single.slice(start, start + 25)), []);
      for (const pack of packs) assert.deepEqual(await store.write([pack]), []);
      await store.close();

      const operations: string[] = [];
      const read = dynamoReads({ client: clientOf("dynamodb") });
      const counted: ReadEvents = (operation, input) => {
        operations.push(operation);
        return read(operation, input);
      };
      const history = eventHistory("history", counted, ({ key }) => assert.fail(`${key} is corrupt`));
      const packed = [...(await history.packed("back", { since: 0 }))].map(({ data = "" }) => `${data}`.split(" ")[0]);
      assert.deepEqual(packed, ["0", "1", "2", "3", "4", "5", "6", "7"]);
      const keys = Array.from({ length: 121 }, (_, n) => `k${n}`);
      const found = await history.single(keys, () => "back");
      assert.deepEqual(found.map(({ key }) => key).sort(), keys.slice(0, -1).sort());
      assert.ok(operations.filter((operation) => operation === "Query").length > 1, `${operations}`);
    }));

  it("stores an oversize object under an awkward key and reads it back", async () => {
    const key = `${OVERSIZE_PREFIX}a:b@c/ü (1).json`;
    const options = () => ({ bucket: NAMES.bucket, target: awsTarget("s3"), timeoutMs: 60_000 });
    await as("manager", () => {
      const client = s3Client(options());
      return client.put(key, Buffer.from("héllo")).finally(client.close);
    });
    const read = await as("processor", () => {
      const client = s3Client(options());
      return Promise.all([client.get(key), client.get(`${OVERSIZE_PREFIX}absent`)]).finally(client.close);
    });
    assert.deepEqual(
      read.map((bytes) => bytes && Buffer.from(bytes).toString()),
      ["héllo", undefined],
    );
  });

  it("returns the secret with its version, and another version after a rotation", () =>
    as("manager", async () => {
      const client = clientOf("secretsmanager");
      const before = await readSourceSecret(client, NAMES.secret);
      assert.equal(before.secret.url, upstream.url);
      const SecretString = JSON.stringify({ ...before.secret, key: "k2" });
      await new SecretsManagerClient(sdk).send(new PutSecretValueCommand({ SecretId: NAMES.secret, SecretString }));
      const after = await readSourceSecret(client, NAMES.secret);
      assert.equal(after.secret.key, "k2");
      assert.notEqual(after.version, before.version);
    }));

  it("accepts an asynchronous invocation", () =>
    as("manager", async () => {
      await invokeFunction(NAMES.manager, { client: clientOf("lambda") })({ v: CONTRACT_VERSION, streams: [] });
    }));

  it("refuses a wrong secret key, and a call without permission", async () => {
    const wrong = { ...roles.api!, secretAccessKey: "wrong" };
    const read = async () => connectionTable(NAMES.connections, { client: clientOf("dynamodb") }).read("s");
    // moto answers in XML, also for DynamoDB.
    await assert.rejects(asFunction(moto, wrong, variables, read), ({ cause }: Error) =>
      /SignatureDoesNotMatch/.test(String(cause)),
    );
    const get = () => {
      const client = s3Client({ bucket: NAMES.bucket, target: awsTarget("s3"), timeoutMs: 60_000 });
      return client.get("oversize/x").finally(client.close);
    };
    await assert.rejects(asFunction(moto, { ...roles.processor!, secretAccessKey: "wrong" }, variables, get), {
      awsError: "SignatureDoesNotMatch",
    });
    await assert.rejects(as("manager", get), { awsError: "AccessDenied" });
  });

  const request = (httpMethod: string, streamId?: string) => ({
    httpMethod,
    resource: streamId === undefined ? "/connections" : "/connections/{streamId}",
    pathParameters: streamId === undefined ? null : { streamId },
    queryStringParameters: null,
    body: null,
    isBase64Encoded: false,
    requestContext: { requestId: "r", identity: { sourceIp: "127.0.0.1" } },
  });

  it("runs the API's handler: start, status, list, stop", () =>
    as("api", async () => {
      const handler = freshHandler("connection-api");
      const call = async (method: string, streamId?: string) => {
        const { statusCode, body } = await handler(request(method, streamId));
        return [statusCode, JSON.parse(body)];
      };
      assert.equal((await call("POST", "api"))[0], 202);
      assert.equal((await call("GET", "api"))[1].desired, "open");
      assert.deepEqual(
        (await call("GET"))[1].connections.map((one: { streamId: string }) => one.streamId),
        ["api"],
      );
      assert.equal((await call("DELETE", "api"))[1].desired, "closed");
      assert.equal((await call("GET", "absent"))[0], 404);
    }));

  it("runs the watchdog's handler, which starts a stream without a lease", () =>
    as("watchdog", async () => {
      await asFunction(moto, roles.api!, variables, async () =>
        freshHandler("connection-api")(request("POST", "lost")),
      );
      const { down, invoked } = await freshHandler("watchdog")(undefined, { getRemainingTimeInMillis: () => 50_000 });
      assert.deepEqual([down, invoked], [1, ["lost"]]);
    }));

  it("runs a hop of the manager, whose events the processor handles", async () => {
    await as("api", async () => freshHandler("connection-api")(request("POST", "prices")));
    const endsAt = Date.now() + 300_000;
    const context = {
      awsRequestId: "r1",
      functionName: NAMES.manager,
      getRemainingTimeInMillis: () => endsAt - Date.now(),
    };
    const reasons = await as("manager", () =>
      freshHandler("connection-manager")(
        { v: CONTRACT_VERSION, streams: [{ streamId: "prices", generation: 0 }] },
        context,
      ),
    );
    assert.deepEqual(reasons, { prices: "completed" });
    const { Items = [] } = await new DynamoDBClient(sdk).send(new ScanCommand({ TableName: NAMES.events }));
    const stored = Items.filter(({ streamId }) => streamId?.S === "prices");
    assert.equal(stored.length, 3);
    const handled: unknown[] = [];
    const handler = eachEvent<{ n: number; large?: string }>(async (event) => {
      const { n, large } = event.json();
      if (n === 2) throw new Error("2 is not wanted");
      handled.push([n, large?.length]);
    });
    const Records = stored.map((NewImage, index) => ({
      eventID: `${index}`,
      eventName: "INSERT",
      dynamodb: { SequenceNumber: `${index}`, NewImage },
    }));
    const result = await as(
      "processor",
      () => handler({ Records } as never, { ...context, awsRequestId: "r2" } as never) as Promise<unknown>,
    );
    assert.deepEqual(result, { batchItemFailures: [] });
    assert.deepEqual(handled.sort(), [
      [1, undefined],
      [3, 500_000],
    ]);
    const { Contents = [] } = await s3().send(new ListObjectsV2Command({ Bucket: NAMES.bucket, Prefix: "failures/" }));
    assert.equal(Contents.length, 1, "the event that failed is in the bucket");
    const { Body } = await s3().send(new GetObjectCommand({ Bucket: NAMES.bucket, Key: Contents[0]!.Key }));
    assert.match(await Body!.transformToString(), /2 is not wanted/);
  });
});

/** The smallest archive: its end-of-directory record alone. */
const emptyZip = () => Buffer.concat([Buffer.from("PK\x05\x06", "latin1"), Buffer.alloc(18)]);
