import assert from "node:assert/strict";
import { type Engine, openEngine } from "../../../../local/services/dynamodb/engine";

const TABLE = {
  TableName: "things",
  KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
  BillingMode: "PAY_PER_REQUEST",
};

async function isActive(engine: Engine): Promise<boolean> {
  const { Table } = await engine.call("DescribeTable", { TableName: "things" });
  return (Table as { TableStatus: string }).TableStatus === "ACTIVE";
}

describe("the engine of the local DynamoDB", () => {
  it("finishes the operations that run when it closes, and rejects later ones", async () => {
    const engine = openEngine({ region: "us-east-1", accountId: "000000000000" });
    await engine.call("CreateTable", TABLE);
    while (!(await isActive(engine)));
    await engine.call("PutItem", { TableName: "things", Item: { id: { S: "1" } } });
    const scans = Array.from({ length: 10 }, () => engine.call("Scan", { TableName: "things" }));
    const closed = engine.close();
    for (const { Count } of await Promise.all(scans)) assert.equal(Count, 1);
    await closed;
    await assert.rejects(engine.call("Scan", { TableName: "things" }), { code: "ServiceUnavailableException" });
  });
});
