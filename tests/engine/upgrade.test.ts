import assert from "node:assert/strict";
import { readStoredEvents } from "../../cli/local/stored-events";
import { program, putItem } from "./deployment";
import { PublishedShape } from "./shape-0-1-0";
import { useEngine } from "./use-engine";

const STATEFUL = /:(Table|Bucket|Secret)$/;

describe("an upgrade from a published version", () => {
  const engine = useEngine();

  it("keeps the tables, the bucket and the secret of 0.1.0 with their content", async () => {
    const { stack } = engine;
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
    const table = (await stack.resource("prices-events", "Table")).id ?? "";
    await putItem(engine.cloud, table, { streamId: { S: "EUR_USD" }, key: { S: "k1" }, d: { S: '{"bid":1}' } });

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
});
