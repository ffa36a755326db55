import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, createServer as createNetServer } from "node:net";
import { dirname, join } from "node:path";
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { dynamoTable } from "../../runtime/control/dynamo-table";
import { memoryTable } from "../../runtime/control/memory-table";
import { connectionTableContract } from "./connection-table.contract";

const credentials = { accessKeyId: "local", secretAccessKey: "local" };
const clientOf = (port: number) =>
  new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: "local", credentials, maxAttempts: 1 });

async function createTable(client: DynamoDBClient, tableName: string): Promise<void> {
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      KeySchema: [{ AttributeName: "streamId", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "streamId", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
}

describe("the connection table", () => {
  describe("in memory", () => {
    connectionTableContract(async () => memoryTable());
  });

  describe("in DynamoDB, played by dynalite", () => {
    let server: Server;
    let client: DynamoDBClient;
    before(async () => {
      const dynalite = require("dynalite") as (options: object) => Server;
      server = dynalite({ createTableMs: 0 });
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      client = clientOf((server.address() as AddressInfo).port);
      await createTable(client, "connections");
    });
    after(async () => {
      client.destroy();
      await new Promise((resolve) => server.close(resolve));
    });
    connectionTableContract(async () => dynamoTable({ client, tableName: "connections", timeoutMs: () => 5_000 }));

    it("reads as empty when the table does not exist", async () => {
      const table = dynamoTable({ client, tableName: "nowhere", timeoutMs: () => 5_000 });
      assert.equal(await table.read("s"), undefined);
      assert.equal(await table.update("s", { name: "test", when: [], set: { a: 1 }, madeBy: () => false }), undefined);
      assert.deepEqual(await table.scan(), { rows: [] });
    });
  });

  describe("in DynamoDB, played by dynoxide", () => {
    let engine: ChildProcess | undefined;
    let client: DynamoDBClient;
    before(async function () {
      const binary = dynoxide();
      if (!binary) return this.skip();
      const port = await freePort();
      engine = spawn(binary, ["serve", "--host", "127.0.0.1", "--port", String(port)], { stdio: "ignore" });
      client = clientOf(port);
      await answering(client, engine);
      await createTable(client, "connections");
    });
    after(() => {
      client?.destroy();
      engine?.kill();
    });
    connectionTableContract(async () => dynamoTable({ client, tableName: "connections", timeoutMs: () => 5_000 }));
  });

  it("says that it got no answer when an endpoint is silent, within the time it was given", async () => {
    const server = createServer(() => {});
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const client = clientOf((server.address() as AddressInfo).port);
    const table = dynamoTable({ client, tableName: "connections", timeoutMs: () => 30 });
    await assert.rejects(table.read("s"), { code: "STORE_UNAVAILABLE", retryable: true });
    client.destroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});

/** Path of the optional second engine's binary on this platform. */
function dynoxide(): string | undefined {
  try {
    const folder = dirname(require.resolve("@dynoxide/linux-x64/package.json"));
    const path = join(folder, "dynoxide");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

async function freePort(): Promise<number> {
  const server = createNetServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function answering(client: DynamoDBClient, engine: ChildProcess): Promise<void> {
  while (engine.exitCode === null) {
    try {
      await client.send(new ListTablesCommand({}));
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`dynoxide ended with ${engine.exitCode} before it answered`);
}
