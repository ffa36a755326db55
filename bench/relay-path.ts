// Not undici's index: the measured process must load only what a deployed one loads.
import { setTimeout } from "node:timers/promises";
import type { RelaySettings } from "../runtime/contract";
import { dynamodbStore } from "../runtime/data/dynamodb-store";
import { eventHistory, type ReadEvents } from "../runtime/data/event-history";
import { HopMemory } from "../runtime/data/hop-memory";
import { Agent, request } from "../runtime/data/http-client";
import { encodePack } from "../runtime/data/pack";
import { createRelay } from "../runtime/data/relay";
import { tokenCache } from "../runtime/data/source/oauth2";
import type { CorruptItem } from "../runtime/data/stored-events";
import { systemClock } from "../runtime/support/clock";
import { silentLogger } from "../runtime/support/logger";
import { type Cost, measure } from "./process";
import { eventText } from "./upstream-text";

const EVENTS_PER_PACK = 320;
/** About a megabyte. */
const PACKS_PER_PAGE = 80;
/** A Query of a megabyte. */
const READ_MS = 50;

export const AWS = {
  region: "eu-central-1",
  credentials: async () => ({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" }),
};

export interface PathInput {
  readonly upstream: string;
  readonly endpoint: string;
  readonly events: number;
  readonly format: "lines" | "sse" | "json" | "websocket";
  /** @default one item for each event */
  readonly storage?: "packed";
  /** So many of the first events are stored already, in packs that the relay reads back. */
  readonly stored?: number;
}

function path({ events, format }: PathInput): string {
  return `/?events=${events}&format=${format}`;
}

function urlOf({ upstream, format }: PathInput): string {
  return format === "websocket" ? upstream.replace("http", "ws") : upstream;
}

export function settingsFor(format: PathInput["format"], storage?: PathInput["storage"]): RelaySettings {
  return {
    v: 1,
    source: {
      format: format === "websocket" ? "auto" : format,
      auth: { kind: "none" },
      resume: { kind: "last-event-id" },
      idleTimeoutMs: 60_000,
      on: [],
      end: "reconnect",
      webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 } },
    },
    relay: { handover: "auto", streamsPerHop: 1 },
    events: { identity: { kind: "content" }, ttlDays: 7, maxEventBytes: 1 << 20, slices: 1, storage },
  };
}

/** The whole relay: connect, decode, identify, batch, sign, write. Ends with the response body. */
export async function relayPath(input: PathInput): Promise<Cost> {
  const store = dynamodbStore("events", { ...AWS, service: "dynamodb", endpoint: input.endpoint });
  const relay = createRelay(
    {
      ...{
        streamId: "bench",
        generation: 1,
        attempt: 0,
        history: {},
        lateHeadMs: 5_000,
        health: {},
        signal: new AbortController().signal,
      },
      ...{ stopReadingAt: Date.now() + 3_600_000, drainUntil: Date.now() + 3_660_000 },
      ...{ singleAttempt: () => false, mayReconnect: async () => false, onProgress: () => {} },
      ...(input.stored !== undefined && { predecessorStorage: "packed" }),
    },
    {
      settings: settingsFor(input.format, input.storage),
      readSecret: async () => ({ secret: { url: urlOf(input), path: path(input) }, version: "1" }),
      memory: new HopMemory(256, 1, systemClock),
      tokens: tokenCache(systemClock),
      aws: AWS,
      store,
      oversize: async () => {},
      ...(input.stored !== undefined && { history: eventHistory("events", storedPacks(input.stored), fail) }),
      clock: systemClock,
      random: Math.random,
      log: silentLogger,
    },
  );
  const cost = await measure(async () => void (await relay.run()));
  await store.close();
  const { counters } = relay.snapshot();
  const { stored = 0 } = input;
  if (counters.stored !== input.events - stored || counters.suppressed !== stored)
    throw new Error(`Wrong result: ${JSON.stringify(counters)} of ${input.events} events`);
  await checkStored(input);
  return cost;
}

/** The blueprint: one conditional put per chunk with the SDK, in order. The key is the chunk's hash. */
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
    // The blueprint stores chunks as received, and can cut events. Here each chunk is a whole line, which is in its favour.
    let partialLine = "";
    const body = await get(`${input.upstream}${path(input)}&chunk=1`);
    for await (const chunk of body as AsyncIterable<Buffer>) {
      const lines = (partialLine + chunk.toString()).split("\n");
      partialLine = lines.pop() ?? "";
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
  if (puts !== input.events) throw new Error(`Wrong result: ${puts} puts of ${input.events} events`);
  await checkStored(input);
  return cost;
}

/** The lower bound: reads the body to its end. */
export async function barePath(input: PathInput): Promise<Cost> {
  let bytes = 0;
  const cost = await measure(async () => {
    const body = await get(`${input.upstream}${path(input)}`);
    for await (const chunk of body as AsyncIterable<Buffer>) bytes += chunk.length;
  });
  if (bytes === 0) throw new Error("Wrong result: no bytes");
  return cost;
}

/** The event table of a hop that received the first `count` events in the last two seconds, and ends now. */
function storedPacks(count: number): ReadEvents {
  const endedAt = Date.now();
  const place = { streamId: "bench", generation: 1, connection: 1, nonce: "n", ttlSeconds: 60, contentKeys: true };
  const pack = (start: number) => {
    const size = Math.min(EVENTS_PER_PACK, count - start);
    const events = Array.from({ length: size }, (_, n) => ({
      ...{ key: "", type: "message", id: "", data: eventText(start + n, 200), counter: start + n + 1 },
      receivedAt: Math.round(endedAt - (1 - (start + n) / count) * 2_000),
    }));
    return JSON.parse(encodePack(events, place).json);
  };
  const starts = Array.from({ length: Math.ceil(count / EVENTS_PER_PACK) }, (_, n) => n * EVENTS_PER_PACK).reverse();
  return async () => {
    await setTimeout(READ_MS);
    const Items = starts.splice(0, PACKS_PER_PAGE).map(pack);
    return { Items, ...(starts.length > 0 && { LastEvaluatedKey: {} }) };
  };
}

function fail({ error }: CorruptItem): never {
  throw error;
}

async function checkStored({ endpoint, events, storage }: PathInput): Promise<void> {
  const stored = Number(await (await get(endpoint)).text());
  // The relay counted its events; a pack has about 300 of them.
  if (storage === "packed" && stored > 0 && stored < events / 100) return;
  if (stored !== events) throw new Error(`Wrong result: the endpoint received ${stored} of ${events} events`);
}

async function get(url: string) {
  const { origin, pathname, search } = new URL(url);
  const agent = new Agent({ allowH2: false });
  const { body } = await request(agent, { origin, method: "GET", path: pathname + search });
  return body;
}
