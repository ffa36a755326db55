// Not undici's index: the process that is measured shall load what a deployed one loads.

import type { RelaySettings } from "../runtime/contract";
import { dynamodbStore } from "../runtime/data/dynamodb-store";
import { Agent, request } from "../runtime/data/http-client";
import { createRelay } from "../runtime/data/relay";
import { systemClock } from "../runtime/support/clock";
import { silentLogger } from "../runtime/support/logger";
import { type Cost, measure } from "./process";

export const AWS = {
  region: "eu-central-1",
  credentials: async () => ({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" }),
};

export interface PathInput {
  readonly upstream: string;
  readonly endpoint: string;
  readonly events: number;
  readonly format: "lines" | "sse";
}

function path({ events, format }: PathInput): string {
  return `/?events=${events}&format=${format}`;
}

export function settingsFor(format: PathInput["format"]): RelaySettings {
  return {
    v: 1,
    source: {
      format,
      auth: { kind: "none" },
      resume: { kind: "last-event-id" },
      idleTimeoutMs: 60_000,
      on: [],
      end: "reconnect",
      webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 } },
    },
    relay: { handover: "auto", streamsPerHop: 1 },
    events: { identity: { kind: "content" }, ttlDays: 7, maxEventBytes: 1 << 20, slices: 1 },
  };
}

/** The whole relay: connect, decode, identify, batch, sign, write. Ends with the upstream's body. */
export async function relayPath(input: PathInput): Promise<Cost> {
  const store = dynamodbStore("events", { ...AWS, service: "dynamodb", endpoint: input.endpoint });
  const relay = createRelay(
    {
      ...{ streamId: "bench", generation: 1, attempt: 0, history: {}, signal: new AbortController().signal },
      ...{ stopReadingAt: Date.now() + 3_600_000, drainUntil: Date.now() + 3_660_000 },
      ...{ singleAttempt: () => false, mayReconnect: async () => false, onProgress: () => {} },
    },
    {
      settings: settingsFor(input.format),
      readSecret: async () => ({ secret: { url: input.upstream, path: path(input) }, version: "1" }),
      store,
      oversize: async () => {},
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
    },
  );
  const cost = await measure(async () => void (await relay.run()));
  await store.close();
  const { counters } = relay.snapshot();
  if (counters.stored !== input.events)
    throw new Error(`Wrong answer: ${JSON.stringify(counters)} of ${input.events} events`);
  await checkStored(input);
  return cost;
}

/** The blueprint: one conditional put per chunk, in order, its key the chunk's hash; the SDK does the rest. */
export async function blueprintPath(input: PathInput): Promise<Cost> {
  const { DynamoDBClient, PutItemCommand } = await import("@aws-sdk/client-dynamodb");
  const { createHash } = await import("node:crypto");
  const client = new DynamoDBClient({
    region: AWS.region,
    endpoint: input.endpoint,
    credentials: await AWS.credentials(),
  });
  let puts = 0;
  const cost = await measure(async () => {
    // Kinder than the blueprint, which stores chunks as they come and cuts events: whole lines, sent one a chunk.
    let tail = "";
    const body = await get(`${input.upstream}${path(input)}&chunk=1`);
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const lines = (tail + chunk.toString()).split("\n");
      tail = lines.pop() ?? "";
      for (const line of lines) {
        const hash = createHash("sha256").update(line).digest("hex");
        await client.send(
          new PutItemCommand({
            TableName: "events",
            Item: { streamId: { S: "bench" }, key: { S: hash }, data: { S: line }, at: { N: String(Date.now()) } },
            ConditionExpression: "attribute_not_exists(#k)",
            ExpressionAttributeNames: { "#k": "key" },
          }),
        );
        puts++;
      }
    }
  });
  client.destroy();
  if (puts !== input.events) throw new Error(`Wrong answer: ${puts} puts of ${input.events} events`);
  await checkStored(input);
  return cost;
}

/** The floor: the body read to its end, nothing else. */
export async function barePath(input: PathInput): Promise<Cost> {
  let lines = 0;
  const cost = await measure(async () => {
    const body = await get(`${input.upstream}${path(input)}`);
    for await (const chunk of body as AsyncIterable<Buffer>) lines += chunk.length;
  });
  if (lines === 0) throw new Error("Wrong answer: no bytes");
  return cost;
}

async function checkStored({ endpoint, events }: PathInput): Promise<void> {
  const stored = Number(await (await get(endpoint)).text());
  if (stored !== events) throw new Error(`Wrong answer: the endpoint took ${stored} of ${events} events`);
}

async function get(url: string) {
  const { origin, pathname, search } = new URL(url);
  const agent = new Agent({ allowH2: false });
  const { body } = await request(agent, { origin, method: "GET", path: pathname + search });
  return body;
}
