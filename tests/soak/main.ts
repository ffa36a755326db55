/**
 * `npm run soak -- --minutes N`: runs two streams on the local stack at a few hundred events a second, with repeats within and
 * beyond the relay's memory, heartbeats, oversize and refused events, and hops of a minute. Prints what became of each event.
 * Exits with 1 when an event is not accounted for, or was lost or processed twice.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import type { CloudEvent } from "stream-ingestion-local";
import { notStoredText, otherCounters, storedText } from "../../cli/counters-text";
import { startIngestionStack } from "../../cli/local/ingestion-stack";
import { stackEventReader } from "../../cli/local/stack-event";
import { newEvents, unaccounted } from "../../runtime/contract";
import { contentKey } from "../../runtime/data/identity";
import { startFeeds } from "../fakes/feeds";
import { startUpstream } from "../fakes/upstream";
import { programFolder } from "../local/evaluate/program-folder";
import { expectedItems, MAX_EVENT_BYTES, soakData, storable } from "./soak-feed";

const ROOT = resolve(__dirname, "../..");
const STREAMS = ["one", "two"];
const SETTLE_MS = 120_000;

const PROGRAM = {
  "index.ts": `import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "${ROOT}/components/index";
new StreamIngestion("soak", {
  source: {
    url: new pulumi.Config().require("url"),
    path: "/{streamId}",
    on: [{ pointer: "/type", equals: "heartbeat", action: "ignore" }],
  },
  processor: { entry: "./processor.ts" },
  events: { maxEventBytes: ${MAX_EVENT_BYTES} },
});`,
  "processor.ts": `import { eachEvent } from "${ROOT}/runtime/processor/index";
export const handler = eachEvent(() => {});`,
};

interface Options {
  readonly minutes: string;
  readonly rate: string;
  readonly hopSeconds: string;
}

async function main({ minutes, rate, hopSeconds }: Options): Promise<void> {
  const feeds = startFeeds({ eventsPerSecond: Number(rate) / STREAMS.length, data: soakData });
  const upstream = await startUpstream(feeds.answer);
  const folder = programFolder(PROGRAM);
  const dataDir = mkdtempSync(join(tmpdir(), "soak-"));
  const tables = new Set<string>();
  const read = stackEventReader({ eventTables: tables });
  const inserted = new Map<string, Set<string>>(STREAMS.map((id) => [id, new Set()]));
  const processed = new Map<string, number>();
  let handovers = 0;
  const add = (counts: Map<string, number>, id: string) => counts.set(id, (counts.get(id) ?? 0) + 1);
  const onEvent = (event: CloudEvent) => {
    for (const one of read(event)) {
      if (one.kind === "stored") inserted.get(one.streamId)?.add(one.key);
      if (one.kind === "processed") add(processed, one.streamId);
      if (one.kind === "handover") handovers++;
    }
  };
  const stack = await startIngestionStack({
    program: folder.path,
    stack: "dev",
    config: { url: upstream.url },
    secrets: {},
    hopSeconds: Number(hopSeconds),
    dataDir,
    onReport: () => {},
    onEvent,
  });
  const problems: string[] = [];
  try {
    const { api, eventTables } = stack.instances[0]!;
    for (const table of eventTables) tables.add(table);
    for (const streamId of STREAMS) await api.start(streamId);
    const startedAt = Date.now();
    for (let minute = 1; minute <= Number(minutes); minute++) {
      await sleep(startedAt + minute * 60_000 - Date.now());
      const streams = await api.list();
      const missing = streams.reduce((sum, { counters }) => sum + Math.abs(unaccounted(counters)), 0);
      const sent = STREAMS.reduce((sum, id) => sum + feeds.feed(id).sent.length, 0);
      // Not the resident set, which contains the files of the local database.
      const heapMb = Math.round(process.memoryUsage().heapUsed / 1e6);
      console.log(`${minute} min: ${sent} sent, ${handovers} handovers, ${missing} unaccounted, ${heapMb} MB heap`);
      if (missing > 0) problems.push(`${missing} events unaccounted for after ${minute} minutes`);
    }
    for (const id of STREAMS) feeds.feed(id).stopSending();
    const isSettled = () => STREAMS.every((id) => inserted.get(id)!.size === expectedItems(feeds.feed(id).sent.length));
    for (const end = Date.now() + SETTLE_MS; !isSettled() && Date.now() < end; ) await sleep(500);
    await stack.stopStreams(SETTLE_MS);
    await stack.drain(SETTLE_MS);

    for (const { streamId, counters, checkpoint } of await api.list()) {
      const { sent } = feeds.feed(streamId);
      const keys = inserted.get(streamId)!;
      const items = keys.size;
      // The relay can be behind on a slow machine. Everything before its checkpoint is settled.
      const read = Number(checkpoint ?? 0);
      const lost = storable(read).filter((n) => !keys.has(contentKey(sent[n - 1]!, "message"))).length;
      console.log(`\n${streamId}: sent ${sent.length} events, checkpoint ${read}`);
      console.log(`  received          ${counters.received}`);
      console.log(`  = stored          ${storedText(counters)}`);
      console.log(`  + not stored      ${notStoredText(counters)}`);
      console.log(`  unaccounted       ${unaccounted(counters)}`);
      console.log(`  other counters    ${otherCounters(counters)}`);
      console.log(`  items, processed  ${items}, ${processed.get(streamId) ?? 0}`);
      if (unaccounted(counters) !== 0) problems.push(`${streamId}: the counters do not add up`);
      if (lost > 0) problems.push(`${streamId}: ${lost} events before the checkpoint are not in the table`);
      if (processed.get(streamId) !== items) problems.push(`${streamId}: not every item was processed once`);
      if (newEvents(counters) > items)
        problems.push(`${streamId}: ${newEvents(counters)} new events, but ${items} items`);
    }
    console.log(`\n${handovers} handovers in ${minutes} minutes at ${rate} events/s`);
  } finally {
    await stack.close();
    feeds.close();
    await upstream.close();
    folder.remove();
    rmSync(dataDir, { recursive: true, force: true });
  }
  console.log(problems.length === 0 ? "Every event is accounted for." : `Failed:\n${problems.join("\n")}`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

new Command("npm run soak --")
  .option("--minutes <n>", "length of the run", "60")
  .option("--rate <n>", "events per second, over both streams", "300")
  .option("--hop-seconds <n>", "length of a hop, 5..900", "60")
  .action(main)
  .parseAsync()
  .catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 1;
  });
