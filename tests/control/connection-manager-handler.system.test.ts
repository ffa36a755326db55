import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient, ScanCommand } from "@aws-sdk/client-dynamodb";
import type { Context } from "aws-lambda";
import { CONTRACT_VERSION, type ConnectionRow, ENV, type RelaySettings } from "../../runtime/contract";
import type { ControlDeps } from "../../runtime/control/deps";
import { readStream } from "../../runtime/control/streams/read";
import { startStream } from "../../runtime/control/streams/start";
import { stopStream } from "../../runtime/control/streams/stop";
import { connectionTable, invokeFunction } from "../../runtime/handlers/aws";
import { systemClock } from "../../runtime/support/clock";
import { silentLogger } from "../../runtime/support/logger";

const HOP_MS = 3_000;
const EVENT_EVERY_MS = 20;

const settings: RelaySettings = {
  v: CONTRACT_VERSION,
  source: { format: "auto", auth: { kind: "bearer" }, resume: { kind: "last-event-id" }, idleTimeoutMs: 60_000 },
  relay: { handover: "auto", streamsPerHop: 1 },
  events: { identity: { kind: "content" }, ignore: [], ttlDays: 7, maxEventBytes: 100_000, slices: 1 },
};

/** The real handler with the real relay, hop after hop, against dynalite and a small server in place of AWS. */
describe("connection manager handler", () => {
  const before_ = { ...process.env };
  const write = process.stdout.write;
  const lines: Record<string, unknown>[] = [];
  const servers: Server[] = [];
  const hops: Promise<unknown>[] = [];
  const traces: (string | undefined)[] = [];
  let sent = 0;
  let open = 0;
  let mostOpen = 0;
  let deps: ControlDeps;

  const listen = async (server: Server): Promise<string> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };

  const stream = (request: IncomingMessage, response: ServerResponse) => {
    mostOpen = Math.max(mostOpen, ++open);
    response.on("close", () => open--);
    response.writeHead(200, { "content-type": "text/event-stream" });
    const resumeAt = Number(request.headers["last-event-id"] ?? sent);
    let next = resumeAt + 1;
    const timer = setInterval(() => {
      for (; next <= sent; next++) response.write(`id: ${next}\ndata: event ${next}\n\n`);
    }, EVENT_EVERY_MS);
    response.on("close", () => clearInterval(timer));
  };

  const aws = (handler: (event: unknown, context: Context) => Promise<unknown>) =>
    createServer(async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
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
        getRemainingTimeInMillis: () => endsAt - Date.now(),
      } as unknown as Context;
      hops.push(handler(JSON.parse(Buffer.concat(chunks).toString()), context));
    });

  const row = async (): Promise<ConnectionRow> => (await readStream(deps.table, "s"))!;
  const until = async (what: string, holds: () => Promise<boolean>): Promise<void> => {
    for (const end = Date.now() + 15_000; !(await holds()); await systemClock.sleep(50)) {
      assert.ok(Date.now() < end, `${what} did not happen: ${JSON.stringify(await row())}`);
    }
  };

  before(async () => {
    const dynalite = require("dynalite") as (options: object) => Server;
    const dynamodb = await listen(dynalite({ createTableMs: 0 }));
    process.env.TEST_UPSTREAM = await listen(createServer(stream));
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
    process.env.AWS_ENDPOINT_URL = await listen(aws(require(path).handler));
    deps = {
      table: connectionTable("connections"),
      invoke: invokeFunction("manager"),
      clock: systemClock,
      logger: silentLogger,
      newNonce: () => `test-${Math.random()}`,
    };
  });

  after(async () => {
    process.stdout.write = write;
    process.env = before_;
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  it("stores each event once through three handovers and a stop, with at most two connections", async () => {
    const source = setInterval(() => sent++, EVENT_EVERY_MS);
    await startStream(deps, "s");
    await until("the first byte", async () => (await row()).status === "open");
    await until("the fourth generation", async () => (await row()).generation >= 4);
    assert.equal((await stopStream(deps, "s")).kind, "stopping");
    await until("the end", async () => (await row()).status === "closed");
    clearInterval(source);
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
    assert.equal(mostOpen, 2);
    assert.equal(open, 0, "no connection stays open after its hop");
    assert.equal(counters.received, counters.stored + counters.suppressed + counters.repeated);
    assert.ok(handover!.count >= 3 && handover!.mode === "overlap", JSON.stringify(handover));
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
