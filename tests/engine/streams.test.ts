import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import * as pulumi from "@pulumi/pulumi";
import { compare } from "../../cli/local/sample/compare";
import { type SampleUpstream, startSampleUpstream } from "../../cli/local/sample/sample-upstream";
import { readStoredEvents } from "../../cli/local/stored-events";
import { DECLARED_ROW, STREAM_ID_KEY } from "../../runtime/contract";
import { FROM_SOURCE } from "../../scripts/from-source";
import { type Overrides, program, putItem } from "./deployment";
import { failure, PASSPHRASE } from "./engine-stack";
import { useEngine } from "./use-engine";

/** Long enough that no hop ends during a deployment. */
const HOP_SECONDS = 90;

describe("streams of a deployment by the Pulumi engine", () => {
  const engine = useEngine({ hopSeconds: HOP_SECONDS });
  let upstream: SampleUpstream;
  let tableName: string;
  let connectionTableName: string;
  let bucketName: string;
  const args = (overrides: Overrides = {}): Overrides => ({
    source: { url: upstream.url, path: upstream.path, key: upstream.key },
    removal: "retain",
    ...overrides,
  });

  before(async () => {
    upstream = await startSampleUpstream();
  });
  after(() => upstream?.close());

  const inserted = (streamId: string) =>
    engine.events.filter(
      (event) => event.kind === "record" && event.eventName === "INSERT" && event.keys.streamId === streamId,
    ).length;
  const processed = () =>
    engine.events.flatMap((event) =>
      event.kind === "delivered"
        ? event.records
            .filter(({ eventName }) => eventName === "INSERT")
            .map(({ keys }) => ({ streamId: keys.streamId ?? "", key: keys.key }))
        : [],
    );

  /** The release in a stream's row. */
  async function releaseOf(streamId: string): Promise<string | undefined> {
    const { endpoint, region, operator } = engine.cloud;
    const client = new DynamoDBClient({ endpoint, region, credentials: operator });
    try {
      const Key = { [STREAM_ID_KEY]: { S: streamId } };
      const { Item } = await client.send(
        new GetItemCommand({ TableName: connectionTableName, Key, ConsistentRead: true }),
      );
      return Item?.owner && Item.release?.S;
    } finally {
      client.destroy();
    }
  }

  it("run after the up", async () => {
    const { outputs } = await engine.stack.up(program(args({ streams: upstream.streamIds.slice() })));
    tableName = String(outputs.tableName);
    connectionTableName = String(outputs.connectionTableName);
    bucketName = String(outputs.bucketName);
    await engine.until("events of every declared stream", () => upstream.streamIds.every((id) => inserted(id) > 20));
  });

  it("are handed over to a new release soon after an up", async () => {
    const before = await releaseOf("EUR_USD");
    assert.ok(before);
    await engine.stack.up(program(args({ streams: upstream.streamIds.slice(), events: { ttlDays: 3 } })));
    const began = Date.now();
    await engine.until("a hop of the new release on every stream", async () => {
      const releases = await Promise.all(upstream.streamIds.map(releaseOf));
      return releases.every((release) => release !== undefined && release !== before);
    });
    // In AWS the watchdog runs every minute, here more often. The hop's own end is much later.
    assert.ok(Date.now() - began < (HOP_SECONDS / 2) * 1_000);
    const soon = upstream.streamIds.map((id) => [id, inserted(id)] as const);
    await engine.until("events under the new release", () => soon.every(([id, count]) => inserted(id) > count + 20));
  });

  it("lose no event and process none twice during the up", async () => {
    upstream.stopSending();
    const sent = [...upstream.sent()].flatMap(([streamId, ticks]) => ticks.map(({ data }) => ({ streamId, data })));
    await engine.until("every event to be processed", () => processed().length >= sent.length);
    const stored = (await readStoredEvents(engine.cloud, tableName)).map((event) => ({
      ...event,
      data: String(event.data),
    }));
    const byKey = new Map(stored.map((event) => [`${event.streamId} ${event.key}`, event]));
    const handled = processed().map(({ streamId, key }) => byKey.get(`${streamId} ${key}`) ?? { streamId, data: "?" });
    const { lost, processedTwice, unprocessed, unexpected } = compare(sent, stored, handled);
    assert.deepEqual(
      { lost, processedTwice, unprocessed, unexpected },
      { lost: [], processedTwice: [], unprocessed: [], unexpected: [] },
    );
    assert.ok(sent.length > 80, `${sent.length} events`);
  });

  it("keep their stored events after a destroy with removal: retain", async () => {
    const count = (await readStoredEvents(engine.cloud, tableName)).length;
    await engine.stack.destroy();
    assert.deepEqual(await engine.stack.resources(), []);
    assert.equal((await readStoredEvents(engine.cloud, tableName)).length, count);
  });

  it("continue with the resources that a destroy retained, which the stack reads and does not own", async () => {
    const count = (await readStoredEvents(engine.cloud, tableName)).length;
    const existing = () => ({
      events: { table: tableName },
      connections: { table: pulumi.output(connectionTableName) },
      bucket: bucketName,
    });
    const again = program(args(existing()));
    await putItem(engine.cloud, connectionTableName, { [STREAM_ID_KEY]: { S: DECLARED_ROW } });
    const { steps, outputs } = await engine.stack.up(again);
    assert.deepEqual(
      steps
        .filter(({ op }) => op === "read")
        .map(({ name }) => name)
        .sort(),
      ["prices-bucket", "prices-connections", "prices-events"],
    );
    assert.deepEqual(
      steps.filter(({ type }) => type.startsWith("aws:s3/") && !type.endsWith(":Bucket")),
      [],
    );
    assert.deepEqual([outputs.tableName, outputs.bucketName], [tableName, bucketName]);
    // The engine looks existing resources up in every operation.
    assert.ok((await engine.stack.up(again)).steps.every(({ op }) => op === "read"));
    assert.equal((await readStoredEvents(engine.cloud, tableName)).length, count);
    // `delete` is about what the stack made.
    await engine.stack.up(program(args({ ...existing(), removal: "delete" })));
    await engine.stack.destroy();
    assert.equal((await readStoredEvents(engine.cloud, tableName)).length, count);
  });

  it("reject an existing table with other keys", async () => {
    const key = [
      { name: "streamId", type: "S" },
      { name: "key", type: "S" },
    ];
    await engine.cloud.tables.put({ name: "quiet", hashKey: "streamId", rangeKey: "key", attributes: key });
    const up = (table: string) => failure(engine.stack.up(program(args({ events: { table } }))));
    assert.match(
      await up(connectionTableName),
      /Expected `events\.table` to name a table with the keys streamId, key, but the table "prices-connections-\w+" has the keys streamId\./,
    );
    assert.match(await up("quiet"), /with a stream with new and old images, but the table "quiet" has no stream/);
    assert.match(await up("nowhere"), /'nowhere' does not exist|no table nowhere/);
    await engine.stack.destroy();
  });

  it("leave no resource behind after a destroy with removal: delete", async () => {
    const busy = await startSampleUpstream();
    try {
      const source = { url: busy.url, path: busy.path, key: busy.key };
      const { outputs } = await engine.stack.up(program({ source, streams: ["BTC_USD"] }));
      const seen = inserted("BTC_USD");
      await engine.until("events", () => inserted("BTC_USD") > seen + 20);
      await engine.stack.destroy();
      assert.deepEqual(await engine.stack.resources(), []);
      await assert.rejects(readStoredEvents(engine.cloud, String(outputs.tableName)), /ResourceNotFound|not found/i);
    } finally {
      await busy.close();
    }
  });

  it("pass the acceptance check from the command line", async () => {
    const busy = await startSampleUpstream();
    try {
      await engine.stack.up(program({ source: { url: busy.url, path: busy.path, key: busy.key } }));
      writeFileSync(
        join(engine.backend.folder, "Pulumi.yaml"),
        `name: prices\nruntime: nodejs\nbackend:\n  url: file://${engine.backend.folder}\n`,
      );
      const flags = [
        "--program",
        engine.backend.folder,
        "--stack",
        "local",
        "--stream",
        "EUR_USD",
        "--numbered-at",
        "/seq",
      ];
      const { code, stdout, stderr } = await verify([...flags, "--events", "20", "--timeout", "240"]);
      const lines = stdout.trim().split("\n");
      assert.equal(lines[0], "prices", stderr);
      const checks = lines.filter((line) => /^\S /.test(line));
      assert.deepEqual(
        // The checks that take long or store a failure run with their options alone.
        checks.filter((line) => !line.startsWith("✔ ") && !/ not seen: pass --/.test(line)),
        [],
      );
      assert.ok(checks.length >= 10, stdout);
      assert.match(lines.at(-1) ?? "", /less than \$0\.01 on AWS/);
      assert.equal(code, 0);
    } finally {
      await engine.stack.destroy();
      await busy.close();
    }
  });

  async function verify(flags: readonly string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(
      process.execPath,
      [...FROM_SOURCE, resolve(__dirname, "../../cli/main.ts"), "verify", ...flags],
      {
        cwd: resolve(__dirname, "../.."),
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...engine.environment, PULUMI_CONFIG_PASSPHRASE: PASSPHRASE },
      },
    );
    const output = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const)
      child[name].on("data", (data) => {
        output[name] += data;
      });
    const [code] = (await once(child, "close")) as [number | null];
    return { code, ...output };
  }
});
