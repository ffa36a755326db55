import assert from "node:assert/strict";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import { type AwsClient, awsClient } from "../../runtime/aws/json-client";
import { CONTRACT_VERSION, type ConnectionRow, ENV, type RelaySettings } from "../../runtime/contract";
import type { ControlDeps } from "../../runtime/control/deps";
import { readStream } from "../../runtime/control/streams/read";
import { startStream } from "../../runtime/control/streams/start";
import { stopStream } from "../../runtime/control/streams/stop";
import { connectionTable, invokeFunction } from "../../runtime/handlers/aws";
import { awsTarget } from "../../runtime/handlers/environment";
import { systemClock } from "../../runtime/support/clock";
import { silentLogger } from "../../runtime/support/logger";
import { startDynalite } from "../fakes/dynalite";
import { type Feeds, startFeeds } from "../fakes/feeds";
import { startServer } from "../fakes/http-server";
import { startUpstream } from "../fakes/upstream";
import { eventually } from "../local/event-log";

/** Its lease is a fifth of this, longer than a busy machine stops the process. */
const HOP_MS = 15_000;

const settings: RelaySettings = {
  v: CONTRACT_VERSION,
  source: {
    format: "auto",
    auth: { kind: "bearer" },
    resume: { kind: "last-event-id" },
    idleTimeoutMs: 60_000,
    on: [],
    end: "reconnect",
    webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 } },
  },
  relay: { handover: "auto", streamsPerHop: 1 },
  events: { identity: { kind: "content" }, ttlDays: 7, maxEventBytes: 100_000, slices: 1 },
};

/** The real handler with the real relay, hop after hop, against dynalite and a small server in place of AWS. */
describe("connection manager handler", () => {
  const before_ = { ...process.env };
  const write = process.stdout.write;
  const lines: Record<string, unknown>[] = [];
  const servers: { close(): unknown }[] = [];
  const hops: Promise<unknown>[] = [];
  const traces: (string | undefined)[] = [];
  let feeds: Feeds;
  let deps: ControlDeps;
  let clients: { readonly dynamodb: AwsClient; readonly lambda: AwsClient };

  const urlOf = (server: { readonly url: string; close(): unknown }): string => {
    servers.push(server);
    return server.url;
  };

  const aws = (handler: (event: unknown, context: Context) => Promise<unknown>) =>
    startServer((request, response, body) => {
      if (request.headers["x-amz-target"] === "secretsmanager.GetSecretValue") {
        const secret = { url: process.env.TEST_UPSTREAM, path: "/{streamId}", key: "k" };
        response.end(JSON.stringify({ SecretString: JSON.stringify(secret), VersionId: "v1" }));
        return;
      }
      traces.push(request.headers["x-amzn-trace-id"] as string | undefined);
      response.writeHead(202).end();
      const endsAt = Date.now() + HOP_MS;
      const context = {
        awsRequestId: `r${hops.length}`,
        functionName: "manager",
        memoryLimitInMB: "256",
        getRemainingTimeInMillis: () => endsAt - Date.now(),
      } as unknown as Context;
      hops.push(handler(JSON.parse(body.toString()), context));
    });

  const row = async (): Promise<ConnectionRow> => (await readStream(deps.table, "s"))!;
  const becomes = (what: string, condition: (row: ConnectionRow) => boolean) =>
    eventually(what, async () => condition(await row()) || undefined);

  before(async () => {
    feeds = startFeeds({ eventsPerSecond: 50 });
    const dynamodb = urlOf(await startDynalite());
    process.env.TEST_UPSTREAM = urlOf(await startUpstream(feeds.answer));
    Object.assign(process.env, {
      AWS_ACCESS_KEY_ID: "x",
      AWS_SECRET_ACCESS_KEY: "x",
      AWS_REGION: "local",
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
      _X_AMZN_TRACE_ID: "Root=1-0-0;Lineage=1:abc:0",
      [ENV.connectionTable]: "connections",
      [ENV.eventTable]: "events",
      [ENV.bucket]: "bucket",
      [ENV.sourceSecret]: "secret",
      [ENV.settings]: JSON.stringify(settings),
      [ENV.release]: "r1",
      [ENV.deployment]: "test",
    });
    const client = new DynamoDBClient({ endpoint: dynamodb });
    for (const [TableName, ...keys] of [
      ["connections", "streamId"],
      ["events", "streamId", "key"],
    ] as const) {
      await client.send(
        new CreateTableCommand({
          TableName,
          KeySchema: keys.map((AttributeName, i) => ({ AttributeName, KeyType: i === 0 ? "HASH" : "RANGE" })),
          AttributeDefinitions: keys.map((AttributeName) => ({ AttributeName, AttributeType: "S" })),
          BillingMode: "PAY_PER_REQUEST",
        }),
      );
    }
    process.stdout.write = ((text: string) => {
      if (!text.startsWith("{")) return write.call(process.stdout, text);
      lines.push(JSON.parse(text));
      return true;
    }) as typeof write;
    const path = require.resolve("../../runtime/handlers/connection-manager");
    delete require.cache[path]; // the module reads its environment when it is loaded
    process.env.AWS_ENDPOINT_URL = urlOf(await aws(require(path).handler));
    clients = { dynamodb: awsClient(awsTarget("dynamodb")), lambda: awsClient(awsTarget("lambda")) };
    deps = {
      table: connectionTable("connections", { client: clients.dynamodb }),
      invoke: invokeFunction("manager", { client: clients.lambda }),
      clock: systemClock,
      logger: silentLogger,
      newNonce: () => `test-${Math.random()}`,
    };
  });

  after(async () => {
    process.stdout.write = write;
    process.env = before_;
    clients.dynamodb.close();
    clients.lambda.close();
    feeds.close();
    for (const server of servers) await server.close();
  });

  it("stores each event once through two handovers and a stop, with at most two connections", async () => {
    await startStream(deps, "s");
    await becomes("the first byte", ({ status }) => status === "open");
    await becomes("the third generation", ({ generation }) => generation >= 3);
    assert.equal((await stopStream(deps, "s")).kind, "stopping");
    await becomes("the end", ({ status }) => status === "closed");
    await Promise.all(hops);
    process.stdout.write = write;

    const { checkpoint, counters, handover } = await row();
    const client = new DynamoDBClient({ endpoint: process.env.AWS_ENDPOINT_URL_DYNAMODB });
    const { Items = [] } = await client.send(new ScanCommand({ TableName: "events" }));
    const stored = new Set(Items.map((item) => Number(item.i?.S)));
    const missing = [];
    for (let n = Math.min(...stored); n <= Number(checkpoint); n++) if (!stored.has(n)) missing.push(n);
    assert.ok(Number(checkpoint) > 100, `checkpoint ${checkpoint}`);
    assert.deepEqual(missing, []);
    assert.equal(Items.length, stored.size);
    const feed = feeds.feed("s");
    assert.equal(feed.peak, 2);
    assert.equal(feed.open, 0, "no connection stays open after its hop");
    assert.equal(counters.received, counters.stored + counters.suppressed + counters.repeated);
    assert.ok(handover!.count >= 2 && handover!.mode === "overlap", JSON.stringify(handover));
    assert.ok(handover!.maxGapMs! < 0, "the connections overlapped");
    assert.equal(lines.filter(({ event }) => event === "handover").length, handover!.count);
    assert.ok(
      traces.slice(1).every((trace) => trace === "Root=1-0-0;Lineage=1:abc:0"),
      "every invocation sends the trace header",
    );
    const metrics = lines.filter((line) => line._aws !== undefined);
    const received = metrics.reduce((sum, line) => sum + Number(line.EventsReceived ?? 0), 0);
    assert.equal(received, counters.received);
  });
});
