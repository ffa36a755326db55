import assert from "node:assert/strict";
import { DynamoDBClient, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { resourceHandlers } from "../../../../local/services/services";
import { archive, type CloudFixture, isDelivery, isInit, isLog, LOG_RIGHTS, startFixture } from "../../cloud-fixture";

const EDITS = 20;
/** Logs the version and the ids of a batch. */
const code = (version: number | string) => `
  exports.handler = async ({ Records }) => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    for (const { dynamodb } of Records) console.log("${version} " + dynamodb.Keys.id.S);
  };`;

describe("a function whose code is edited", () => {
  let fixture: CloudFixture;
  let client: DynamoDBClient;
  let name: string;
  let inputs: object;

  beforeEach(async () => {
    fixture = await startFixture({ keepWorkingCode: true });
    client = new DynamoDBClient(fixture.client);
    const table = await fixture.createTable("items");
    const read = [
      "dynamodb:DescribeStream",
      "dynamodb:GetRecords",
      "dynamodb:GetShardIterator",
      "dynamodb:ListStreams",
    ];
    const created = await fixture.createFunction("processor", code(0), {
      allow: [LOG_RIGHTS, { Action: read, Resource: "*" }],
    });
    name = created.name!;
    inputs = { role: created.role, runtime: "nodejs24.x", handler: "index.handler", timeout: 10 };
    await fixture.create("aws:lambda/eventSourceMapping:EventSourceMapping", "mapping", {
      ...{ eventSourceArn: table.streamArn, functionName: created.arn, startingPosition: "TRIM_HORIZON", batchSize: 3 },
    });
    put = (id) => client.send(new PutItemCommand({ TableName: table.name, Item: { id: { S: id } } }));
  });
  afterEach(async () => {
    client.destroy();
    await fixture.cloud.close();
  });

  let put: (id: string) => Promise<unknown>;
  const edit = (source: string) =>
    resourceHandlers.get("aws:lambda/function:Function")!.update(
      fixture.cloud,
      name,
      { id: name, outputs: {} },
      {
        ...{ urn: "u", type: "aws:lambda/function:Function", name: "processor" },
        inputs: { ...inputs, code: archive(source) },
      },
    );
  /** Version and id of each processed item. */
  const processed = () =>
    fixture.events
      .filter(isLog)
      .flatMap(({ line }) => (/^\S+ \d+$/.test(line) ? [line.split(" ") as [string, string]] : []));

  it(`processes each item once over ${EDITS} edits under load`, async () => {
    await put("0");
    await fixture.seen(isDelivery);
    let sent = 1;
    let editing = true;
    const load = (async () => {
      while (editing) await put(String(sent++));
    })();
    for (let version = 1; version <= EDITS; version += 1) {
      await edit(code(version));
      await fixture.seen(isInit, version + 1);
    }
    editing = false;
    await load;
    await put(String(sent++));
    await fixture.cloud.mappings.drain(120_000);
    await fixture.seen(
      (event): event is ReturnType<typeof fixture.events.at> & object =>
        isLog(event) && event.line.startsWith(`${EDITS} `),
    );
    assert.deepEqual(
      processed()
        .map(([, id]) => Number(id))
        .sort((a, b) => a - b),
      Array.from({ length: sent }, (_, id) => id),
    );
    assert.ok(fixture.events.filter(isDelivery).every(({ failed }) => failed.length === 0));
  });

  it("keeps its code while the new one never finishes loading, until the next edit", async () => {
    await edit("Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);");
    const hanging = fixture.cloud.functions.loaded(name);
    await put("1");
    await fixture.seen(isDelivery);
    await edit(code("fixed"));
    assert.equal(await hanging, false);
    assert.equal(await fixture.cloud.functions.loaded(name), true);
    await put("2");
    await fixture.seen(isDelivery, 2);
    assert.deepEqual(processed(), [
      ["0", "1"],
      ["fixed", "2"],
    ]);
  });

  it("keeps its code while the new one cannot be loaded", async () => {
    await edit(`throw new Error("broken");`);
    const broken = (await fixture.seen(isInit)).find(({ error }) => error !== undefined);
    assert.equal(broken?.error?.errorMessage, "broken");
    assert.equal(await fixture.cloud.functions.loaded(name), false);
    await put("1");
    await fixture.seen(isDelivery);
    await edit(code("fixed"));
    await fixture.seen(
      (event): event is Extract<typeof event, { kind: "init" }> => isInit(event) && event.error === undefined,
      2,
    );
    assert.equal(await fixture.cloud.functions.loaded(name), true);
    await put("2");
    await fixture.seen(isDelivery, 2);
    assert.deepEqual(processed(), [
      ["0", "1"],
      ["fixed", "2"],
    ]);
  });
});
