import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { CreateTableCommand, DynamoDBClient, paginateScan } from "@aws-sdk/client-dynamodb";
import { EVENT_TABLE } from "./event-table";

/** The local stack's engine with an empty event table, in a separate process. `GET /` returns the number of items, as in null-dynamodb.ts. */
const dynalite = require("dynalite") as (options: object) => Server;

async function main(): Promise<void> {
  const engine = dynalite({ createTableMs: 0, deleteTableMs: 0 });
  const [handle] = engine.listeners("request") as ((...args: unknown[]) => void)[];
  engine.removeAllListeners("request");
  await new Promise<void>((resolve) => engine.listen(0, "127.0.0.1", resolve));
  const { port } = engine.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${port}`;
  const client = new DynamoDBClient({
    region: "eu-central-1",
    endpoint,
    credentials: { accessKeyId: "A", secretAccessKey: "B" },
  });
  engine.on("request", (request, response) => {
    if (request.method !== "GET") return handle?.call(engine, request, response);
    void count(client).then((items) => response.end(String(items)));
  });
  await client.send(new CreateTableCommand(EVENT_TABLE));
  process.send?.(endpoint);
}

async function count(client: DynamoDBClient): Promise<number> {
  let items = 0;
  for await (const page of paginateScan({ client }, { TableName: EVENT_TABLE.TableName, Select: "COUNT" }))
    items += page.Count ?? 0;
  return items;
}

process.on("disconnect", () => process.exit(0));
void main();
