import assert from "node:assert/strict";
import { type Change, captureChanges, nameChange } from "../../../../local/services/dynamodb/change-capture";
import { type Engine, openEngine } from "../../../../local/services/dynamodb/engine";
import { skipWithout } from "../../../skip-without";
import { openDynoxide } from "./dynoxide";

type Named = readonly [name: string, id: string];

/** A table `events` with the key `id`, and the records of its stream. */
interface StreamedTable {
  call: Engine["call"];
  changes(): Promise<readonly Named[]>;
  close(): Promise<void>;
}

interface Subject {
  readonly name: string;
  readonly open: () => Promise<StreamedTable | undefined>;
  /** Known differences from DynamoDB. */
  readonly recordsIdenticalPuts: boolean;
}

const SUBJECTS: readonly Subject[] = [
  { name: "the local change stream", open: openCaptured, recordsIdenticalPuts: false },
  { name: "dynoxide, for comparison", open: openDynoxide, recordsIdenticalPuts: true },
];

async function openCaptured(): Promise<StreamedTable> {
  const engine = openEngine({ region: "us-east-1", accountId: "000000000000" });
  await engine.call("CreateTable", {
    TableName: "events",
    BillingMode: "PAY_PER_REQUEST",
    AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
    KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
  });
  for (let status = ""; status !== "ACTIVE"; ) {
    const { Table } = (await engine.call("DescribeTable", { TableName: "events" })) as {
      Table: { TableStatus: string };
    };
    status = Table.TableStatus;
  }
  const changes: Change[] = [];
  return {
    call: captureChanges(
      engine,
      () => ({ keyNames: ["id"], streamed: true }),
      (change) => changes.push(change),
    ),
    changes: async () =>
      changes.flatMap((change) => {
        const name = nameChange(change);
        return name === undefined ? [] : [[name, String(change.keys.id?.S)] as const];
      }),
    close: () => engine.close(),
  };
}

for (const { name, open, recordsIdenticalPuts } of SUBJECTS) {
  describe(`change stream contract: ${name}`, () => {
    let table: StreamedTable;

    beforeEach(async function () {
      const opened = await open();
      if (opened === undefined) skipWithout(this, `${name} is not installed.`);
      table = opened;
    });

    afterEach(() => table?.close());

    const put = (id: string, attributes: object = {}) =>
      table.call("PutItem", { TableName: "events", Item: { id: { S: id }, ...attributes } });
    const update = (id: string, expression: string, values?: object) =>
      table.call("UpdateItem", {
        TableName: "events",
        Key: { id: { S: id } },
        UpdateExpression: expression,
        ...(values && { ExpressionAttributeValues: values }),
      });
    const batch = (...requests: object[]) => table.call("BatchWriteItem", { RequestItems: { events: requests } });
    const putRequest = (id: string, v = "1") => ({ PutRequest: { Item: { id: { S: id }, v: { N: v } } } });

    it("writes INSERT for a first put and MODIFY for another put on the same key", async () => {
      await put("a", { v: { N: "1" } });
      await put("a", { v: { N: "2" } });
      assert.deepEqual(await table.changes(), [
        ["INSERT", "a"],
        ["MODIFY", "a"],
      ]);
    });

    it("writes no record for a put that changes nothing", async () => {
      await put("a", { v: { N: "1" }, m: { M: { N: { S: "x" } } } });
      await put("a", { m: { M: { N: { S: "x" } } }, v: { N: "1" } });
      const expected = recordsIdenticalPuts ? ["INSERT", "MODIFY"] : ["INSERT"];
      assert.deepEqual(
        (await table.changes()).map(([change]) => change),
        expected,
      );
    });

    it("writes REMOVE for a deletion, and no record for one that deletes nothing", async () => {
      await put("a");
      await table.call("DeleteItem", { TableName: "events", Key: { id: { S: "a" } } });
      await table.call("DeleteItem", { TableName: "events", Key: { id: { S: "a" } } });
      assert.deepEqual(await table.changes(), [
        ["INSERT", "a"],
        ["REMOVE", "a"],
      ]);
    });

    it("writes INSERT for an update of a missing item and MODIFY for another value", async () => {
      await update("a", "SET v = :v", { ":v": { N: "1" } });
      await update("a", "ADD v :v", { ":v": { N: "1" } });
      assert.deepEqual(await table.changes(), [
        ["INSERT", "a"],
        ["MODIFY", "a"],
      ]);
    });

    it("writes a record for each item of a batch, with the old images", async () => {
      await put("b", { v: { N: "0" } });
      await batch(putRequest("a"), putRequest("b"), { DeleteRequest: { Key: { id: { S: "c" } } } });
      const changes = await table.changes();
      assert.deepEqual([...changes].sort(), [
        ["INSERT", "a"],
        ["INSERT", "b"],
        ["MODIFY", "b"],
      ]);
    });

    it("writes no record for a write whose condition fails", async () => {
      await put("a");
      const again = table.call("PutItem", {
        TableName: "events",
        Item: { id: { S: "a" }, v: { N: "1" } },
        ConditionExpression: "attribute_not_exists(id)",
      });
      await assert.rejects(again, { code: "ConditionalCheckFailedException" });
      assert.deepEqual(await table.changes(), [["INSERT", "a"]]);
    });

    it("keeps the order per item for concurrent writes", async () => {
      const writes: Promise<unknown>[] = [];
      for (let index = 1; index <= 20; index += 1) writes.push(put("a", { v: { N: String(index) } }));
      await Promise.all(writes);
      const names = (await table.changes()).map(([change]) => change);
      assert.deepEqual(names, ["INSERT", ...Array.from({ length: 19 }, () => "MODIFY")]);
    });
  });
}

describe("nameChange", () => {
  const same = (before: object, after: object) =>
    nameChange({ before: before as Change["before"], after: after as Change["after"] }) === undefined;

  it("compares numbers as values, not as text", () => {
    assert.ok(same({ n: { N: "10" } }, { n: { N: "1.0e1" } }));
    assert.ok(same({ n: { N: "0" } }, { n: { N: "-0.00" } }));
    assert.ok(
      !same(
        { n: { N: "12345678901234567890123456789012345678" } },
        { n: { N: "12345678901234567890123456789012345679" } },
      ),
    );
    assert.ok(!same({ n: { N: "-1" } }, { n: { N: "1" } }));
  });

  it("ignores the order of sets, but not of lists", () => {
    assert.ok(same({ s: { SS: ["a", "b"] } }, { s: { SS: ["b", "a"] } }));
    assert.ok(same({ s: { NS: ["1", "2.0"] } }, { s: { NS: ["2", "1"] } }));
    assert.ok(!same({ l: { L: [{ S: "a" }, { S: "b" }] } }, { l: { L: [{ S: "b" }, { S: "a" }] } }));
  });

  it("distinguishes types with equal text", () => {
    assert.ok(!same({ a: { S: "1" } }, { a: { N: "1" } }));
    assert.ok(!same({ a: { S: "YQ==" } }, { a: { B: "YQ==" } }));
  });

  it("does not confuse attribute names with types", () => {
    assert.ok(!same({ N: { S: "1" } }, { N: { S: "1.0" } }));
    assert.ok(!same({ m: { M: { SS: { S: "a" } } } }, { m: { M: { SS: { S: "b" } } } }));
  });
});
