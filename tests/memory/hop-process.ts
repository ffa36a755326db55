import { s3Client } from "../../runtime/aws/s3-client";
import type { RelaySettings } from "../../runtime/contract";
import { dynamodbStore } from "../../runtime/data/dynamodb-store";
import { HopMemory } from "../../runtime/data/hop-memory";
import { createRelay } from "../../runtime/data/relay";
import { tokenCache } from "../../runtime/data/source/oauth2";
import { systemClock } from "../../runtime/support/clock";
import { silentLogger } from "../../runtime/support/logger";

/** What the hop of a memory test does. */
export interface HopJob {
  readonly upstream: string;
  readonly aws: string;
  readonly memoryMb: number;
  readonly streams: number;
  readonly maxEventBytes: number;
}

export interface HopResult {
  readonly stored: number;
  readonly refused: number;
  readonly baseMb: number;
  readonly maxMb: number;
}

const megabytes = () => process.memoryUsage.rss() / 1_048_576;

/** All streams of one hop, as the connection manager runs them, until each source ends its response. */
async function runHop({ upstream, aws, memoryMb, streams, maxEventBytes }: HopJob): Promise<HopResult> {
  const target = {
    region: "eu-central-1",
    endpoint: aws,
    credentials: async () => ({ accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" }),
  };
  const store = dynamodbStore("events", { ...target, service: "dynamodb" });
  const bucket = s3Client({ bucket: "bucket", target: { ...target, service: "s3" }, timeoutMs: 10_000 });
  const settings: RelaySettings = {
    v: 1,
    source: {
      format: "lines",
      auth: { kind: "none" },
      resume: { kind: "none" },
      idleTimeoutMs: 600_000,
      on: [],
      end: "complete",
      webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 } },
    },
    relay: { handover: "auto", streamsPerHop: streams },
    events: { identity: { kind: "content" }, ttlDays: 7, maxEventBytes, slices: 1 },
  };
  const memory = new HopMemory(memoryMb, streams, systemClock, () => globalThis.gc?.());
  const relays = Array.from({ length: streams }, (_, stream) =>
    createRelay(
      {
        streamId: `s${stream}`,
        generation: 1,
        attempt: 0,
        history: {},
        health: {},
        lateHeadMs: 10_000,
        signal: new AbortController().signal,
        stopReadingAt: Date.now() + 3_600_000,
        drainUntil: Date.now() + 3_660_000,
        singleAttempt: () => false,
        mayReconnect: async () => false,
        onProgress: () => {},
      },
      {
        settings,
        readSecret: async () => ({ secret: { url: upstream, path: "/{streamId}" }, version: "1" }),
        store,
        oversize: bucket.put,
        memory,
        clock: systemClock,
        random: Math.random,
        log: silentLogger,
        tokens: tokenCache(systemClock),
        aws: target,
      },
    ),
  );
  const baseMb = megabytes();
  let maxMb = baseMb;
  const watch = setInterval(() => {
    maxMb = Math.max(maxMb, megabytes());
  }, 20);
  await Promise.all(relays.map((relay) => relay.run()));
  clearInterval(watch);
  await store.close();
  bucket.close();
  const counters = relays.map((relay) => relay.snapshot().counters);
  const sum = (name: "stored" | "refused") => counters.reduce((total, one) => total + one[name], 0);
  return { stored: sum("stored"), refused: sum("refused"), baseMb, maxMb };
}

runHop(JSON.parse(process.argv[2]!)).then((result) => process.send!(result, () => process.exit(0)));
