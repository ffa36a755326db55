import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { CreateTableCommand, DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { awsClient } from "../../runtime/aws/json-client";
import { connectionTable } from "../../runtime/handlers/aws";
import { awsTarget } from "../../runtime/handlers/environment";
import { startDynalite } from "../fakes/dynalite";
import { freePort } from "../fakes/free-port";
import { type FakeServer, startServer } from "../fakes/http-server";
import { skipWithout } from "../skip-without";
import { connectionTableContract } from "./connection-table.contract";
import { memoryTable } from "./memory-table";

const credentials = { accessKeyId: "local", secretAccessKey: "local" };
const clientOf = (port: number) =>
  new DynamoDBClient({ endpoint: `http://127.0.0.1:${port}`, region: "local", credentials, maxAttempts: 1 });

/** The table as the handlers use it: with their client and signature. */
function tableAt(port: number, tableName: string, timeoutMs = 5_000) {
  const before = { ...process.env };
  process.env.AWS_REGION = "local";
  process.env.AWS_ACCESS_KEY_ID = "local";
  process.env.AWS_SECRET_ACCESS_KEY = "local";
  process.env.AWS_ENDPOINT_URL_DYNAMODB = `http://127.0.0.1:${port}`;
  const client = awsClient(awsTarget("dynamodb"));
  const close = () => {
    client.close();
    process.env = before;
  };
  return { table: connectionTable(tableName, { client, timeoutMs: () => timeoutMs }), close };
}

async function createTable(port: number, tableName: string): Promise<void> {
  const client = clientOf(port);
  await client.send(
    new CreateTableCommand({
      TableName: tableName,
      KeySchema: [{ AttributeName: "streamId", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "streamId", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  client.destroy();
}

describe("connection table", () => {
  describe("in memory", () => {
    connectionTableContract(async () => memoryTable());
  });

  describe("in dynalite", () => {
    let server: Pick<FakeServer, "port" | "close">;
    let connections: ReturnType<typeof tableAt>;
    before(async () => {
      server = await startDynalite();
      await createTable(server.port, "connections");
      connections = tableAt(server.port, "connections");
    });
    after(async () => {
      connections.close();
      await server.close();
    });
    connectionTableContract(async () => connections.table);

    it("reads as empty when the table does not exist", async () => {
      const { table, close } = tableAt(server.port, "nowhere");
      assert.equal(await table.read("s"), undefined);
      assert.equal(
        await table.update("s", { name: "test", when: [], set: { a: 1 }, wasAppliedTo: () => false }),
        undefined,
      );
      assert.deepEqual(await table.scan(), { rows: [] });
      close();
    });
  });

  describe("in dynoxide", () => {
    let engine: ChildProcess | undefined;
    let connections: ReturnType<typeof tableAt> | undefined;
    before(async function () {
      const binary = dynoxide();
      if (!binary) skipWithout(this, "dynoxide is not installed.");
      const port = await freePort();
      engine = spawn(binary, ["serve", "--host", "127.0.0.1", "--port", String(port)], { stdio: "ignore" });
      await waitUntilReady(port, engine);
      await createTable(port, "connections");
      connections = tableAt(port, "connections");
    });
    after(() => {
      connections?.close();
      engine?.kill();
    });
    connectionTableContract(async () => connections!.table);
  });

  it("rejects with STORE_UNAVAILABLE when the endpoint does not respond within the timeout", async () => {
    const server = await startServer(() => {});
    const { table, close } = tableAt(server.port, "connections", 30);
    await assert.rejects(table.read("s"), { code: "STORE_UNAVAILABLE", retryable: true });
    close();
    await server.close();
  });
});

/** Path of dynoxide's binary, if it is installed for this platform. */
function dynoxide(): string | undefined {
  try {
    const folder = dirname(require.resolve("@dynoxide/linux-x64/package.json"));
    const path = join(folder, "dynoxide");
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

async function waitUntilReady(port: number, engine: ChildProcess): Promise<void> {
  const client = clientOf(port);
  while (engine.exitCode === null) {
    try {
      await client.send(new ListTablesCommand({}));
      client.destroy();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error(`dynoxide ended with ${engine.exitCode} before it was ready`);
}
