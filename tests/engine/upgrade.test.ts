import assert from "node:assert/strict";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { readStoredEvents } from "../../local/index";
import { program, type StartedCloud, startCloud } from "./deployment";
import { type Backend, createBackend } from "./engine-stack";
import { PublishedShape } from "./shape-0-1-0";

const STATEFUL = /:(Table|Bucket|Secret)$/;

describe("an upgrade from a published version", () => {
  let backend: Backend;
  let engine: StartedCloud;
  before(async () => {
    backend = createBackend();
    engine = await startCloud();
  });
  after(async () => {
    await engine?.close();
    backend?.remove();
  });

  it("keeps the tables, the bucket and the secret of 0.1.0, and what is in them", async () => {
    const stack = await backend.stack({ environment: engine.environment });
    await stack.up(async () => {
      new PublishedShape("prices");
    });
    const stateful = async () =>
      (await stack.resources())
        .filter(({ type }) => STATEFUL.test(type))
        .map(({ urn, id }) => `${urn} ${id}`)
        .sort();
    const before = await stateful();
    assert.equal(before.length, 4);
    const table = (await stack.resources()).find(({ urn }) => urn.endsWith("::prices-events"))?.id ?? "";
    await put(table, { streamId: { S: "EUR_USD" }, key: { S: "k1" }, d: { S: '{"bid":1}' } });

    const { steps, outputs } = await stack.up(program({ removal: "retain" }));
    assert.deepEqual(
      steps.filter(({ op, type }) => STATEFUL.test(type) && op !== "update"),
      [],
    );
    assert.deepEqual(await stateful(), before);
    assert.equal(outputs.tableName, table);
    assert.deepEqual(
      (await readStoredEvents(engine.cloud, table)).map(({ key, data }) => [key, String(data)]),
      [["k1", '{"bid":1}']],
    );
    await stack.destroy();
  });

  async function put(TableName: string, Item: Record<string, { S: string }>): Promise<void> {
    const { endpoint, region, operator } = engine.cloud;
    const client = new DynamoDBClient({ endpoint, region, credentials: operator });
    await client.send(new PutItemCommand({ TableName, Item }));
    client.destroy();
  }
});
