import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { BatchWriteItemCommand, CreateTableCommand, DynamoDBClient, QueryCommand } from "@aws-sdk/client-dynamodb";
import { SignatureV4 } from "@smithy/signature-v4";

import { EVENT_TABLE } from "../../bench/event-table";
import { signer } from "../../runtime/aws/sigv4";
import { type Closable, dynamodbStore } from "../../runtime/data/dynamodb-store";
import type { EventStore } from "../../runtime/data/event-store";
import { decodeItem, type EncodedItem, encodeItem } from "../../runtime/data/item";
import { StreamError } from "../../runtime/support/errors";
import { startDynalite } from "../fakes/dynalite";
import { type FakeServer, startServer } from "../fakes/http-server";

const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret/key+1", sessionToken: "token" };
const region = "eu-central-1";

/** The same port through the SDK's client, as the reference for {@link dynamodbStore}. */
function sdkStore(tableName: string, endpoint: string): EventStore & Closable {
  const client = new DynamoDBClient({ region, endpoint, credentials, maxAttempts: 1 });
  return {
    write: async (items) => {
      const requests = items.map((item) => ({ PutRequest: { Item: withBytes(JSON.parse(item.json)) } }));
      try {
        const { UnprocessedItems } = await client.send(
          new BatchWriteItemCommand({ RequestItems: { [tableName]: requests } }),
        );
        const left = new Set(UnprocessedItems?.[tableName]?.map((request) => request.PutRequest?.Item?.key?.S));
        return items.filter((item) => left.has(item.key));
      } catch (cause) {
        const { name, message } = cause as Error;
        throw new StreamError(name === "ValidationException" ? "VALIDATION_FAILED" : "STORE_UNAVAILABLE", message, {
          cause,
        });
      }
    },
    close: async () => client.destroy(),
  };
}

function withBytes(attributes: Record<string, { B?: unknown }>) {
  for (const value of Object.values(attributes))
    if (typeof value.B === "string") value.B = Buffer.from(value.B, "base64");
  return attributes as never;
}

const stores: [string, (table: string, endpoint: string) => EventStore & Closable][] = [
  [
    "signed request",
    (table, endpoint) =>
      dynamodbStore(table, { service: "dynamodb", region, endpoint, credentials: async () => credentials }),
  ],
  ["SDK", sdkStore],
];

for (const [name, create] of stores)
  describe(`event store, ${name}`, () => {
    let server: Pick<FakeServer, "url" | "close">;
    let admin: DynamoDBClient;
    let store: EventStore & Closable;

    before(async () => {
      server = await startDynalite();
      admin = new DynamoDBClient({ region, endpoint: server.url, credentials });
      await admin.send(new CreateTableCommand(EVENT_TABLE));
      store = create("events", server.url);
    });
    after(async () => {
      admin.destroy();
      await store.close();
      await server.close();
    });

    const item = (key: string, data: string | Buffer): EncodedItem =>
      encodeItem(
        {
          ...{ streamId: "s", key, type: "t", id: "1", data, dataBytes: Buffer.byteLength(data) },
          ...{ receivedAt: Date.now(), sequence: "1.1.1" },
        },
        60,
        1,
      );

    it("stores what the codec reads back: text, quotes, bytes and compressed data", async () => {
      const data = ["plain", '{"a":"\u2028é\\n\u0000"}', Buffer.from([0xff, 0x00]), "again ".repeat(2_000), ""];
      assert.deepEqual(await store.write(data.map((one, i) => item(`key-${i}`, one))), []);
      const { Items = [] } = await admin.send(
        new QueryCommand({
          TableName: "events",
          KeyConditionExpression: "streamId = :s",
          ExpressionAttributeValues: { ":s": { S: "s" } },
        }),
      );
      const read = Items.map((attributes) => {
        const bytes = attributes.d?.B;
        return decodeItem({ ...attributes, ...(bytes && { d: { B: Buffer.from(bytes).toString("base64") } }) } as never)
          .data;
      });
      assert.deepEqual(read, data);
    });

    it("rejects with VALIDATION_FAILED when the table never accepts an item", async () => {
      const twice = [item("same", "1"), item("same", "2")];
      await assert.rejects(store.write(twice), { code: "VALIDATION_FAILED" });
    });

    it("rejects with STORE_UNAVAILABLE when the table does not exist or the endpoint does not answer", async () => {
      const other = create("nowhere", server.url);
      const dead = create("events", "http://127.0.0.1:1");
      await assert.rejects(other.write([item("k", "1")]), { code: "STORE_UNAVAILABLE" });
      await assert.rejects(dead.write([item("k", "1")]), { code: "STORE_UNAVAILABLE" });
      await other.close();
      await dead.close();
    });

    it("returns the items that the table left unprocessed", async () => {
      const left = {
        UnprocessedItems: { events: [{ PutRequest: { Item: { streamId: { S: "s" }, key: { S: "b" } } } }] },
      };
      const fake = await startServer((_request, response) => response.end(JSON.stringify(left)));
      const other = create("events", fake.url);
      const items = [item("a", "1"), item("b", "2"), item("c", "3")];
      assert.deepEqual(await other.write(items), [items[1]]);
      await other.close();
      await fake.close();
    });
  });

describe("signer", () => {
  it("signs as the SDK's signer does, with and without a session token", async () => {
    const now = Date.UTC(2026, 10, 24, 17, 30, 1);
    for (const one of [credentials, { accessKeyId: "A", secretAccessKey: "B" }]) {
      const input = { method: "POST", path: "/", headers: { host: "h.example", "x-amz-target": "T" }, body: '{"é":1}' };
      const ours = signer("dynamodb", region)(input, one, now);
      const theirs = await new SignatureV4({
        ...{ service: "dynamodb", region, credentials: one, sha256: Sha256, applyChecksum: false },
      }).sign(
        { ...input, protocol: "https:", hostname: "h.example", headers: { ...input.headers } },
        { signingDate: new Date(now) },
      );
      assert.equal(ours.authorization, theirs.headers.authorization);
    }
  });
});

class Sha256 {
  private readonly hash;
  constructor(secret?: unknown) {
    this.hash = secret === undefined ? createHash("sha256") : createHmac("sha256", secret as Buffer);
  }
  update(data: Uint8Array): void {
    this.hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {}
}
