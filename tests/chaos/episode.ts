import { setTimeout as sleep } from "node:timers/promises";
import type { ChaosStack } from "./chaos-stack";
import { compareStream, complaint } from "./compare-stream";
import type { ChaosFault, Scene } from "./scene";

/** What became of one stream to which faults happened. */
export interface Episode {
  readonly streamId: string;
  readonly faults: readonly string[];
  readonly sent: number;
  readonly lost: number;
  readonly processedTwice: number;
  /** From the end of the last cause until one live lease, one connection and every event sent by then in the table. */
  readonly recoveryMs: number;
  /** What is not as it must be; empty = all well. */
  readonly problems: readonly string[];
}

/** An upstream that answered 429 is left alone for up to a minute, however short the hops. */
const RECOVERY_MS = 90_000;
const SETTLE_MS = 10_000;
const LOOK_MS = 50;

/** Starts a stream, lets the faults happen to it at once, waits until it runs well again, stops it, and compares. */
export async function playEpisode(
  chaos: ChaosStack,
  streamId: string,
  faults: readonly ChaosFault[],
  random: () => number,
): Promise<Episode> {
  const feed = chaos.feeds.feed(streamId);
  const scene: Scene = { chaos, streamId, feed, random, alone: faults.length === 1 };
  const problems: string[] = [];
  let recoveryMs = 0;
  try {
    await chaos.api.start(streamId);
    await chaos.until(`${streamId} to run`, () => chaos.inserted(streamId).size > 0);
    await sleep(random() * 500);
    const happened = await Promise.allSettled(faults.map(({ inject }) => inject(scene)));
    // Of two faults one may take away what the other waits for: a refused second connection leaves no overlap to die in.
    const missed = happened.find((one) => one.status === "rejected");
    if (missed && scene.alone) throw missed.reason;
    // It may have given up between a stop and its start.
    if (missed) await chaos.api.start(streamId);
    const over = Date.now();
    await recovered(scene, feed.sent.length);
    recoveryMs = Date.now() - over;
  } catch (error) {
    problems.push((error as Error).message);
  }
  feed.stopSending();
  await chaos.until("", () => isAllProcessed(scene), SETTLE_MS).catch(() => {});
  await chaos.api.stop(streamId).catch((error: Error) => problems.push(error.message));
  await chaos
    .until(`no hop and no connection of ${streamId} after its stop`, () => isQuiet(scene), SETTLE_MS)
    .catch((error: Error) => problems.push(error.message));
  return { ...(await judge(scene, faults, problems)), recoveryMs };
}

/** One live lease, one connection, and every event of the ledger so far in the table, and newer ones too. */
async function recovered({ chaos, streamId, feed }: Scene, sent: number): Promise<void> {
  await chaos.until(
    `${streamId} to run again (${sent} events to be stored)`,
    () => chaos.inserted(streamId).size > sent && feed.open === 1 && chaos.hops(streamId).length === 1,
    RECOVERY_MS,
  );
  // A break has no owner for a moment.
  for (const end = Date.now() + RECOVERY_MS; ; await sleep(LOOK_MS)) {
    const view = (await chaos.api.list()).find((one) => one.streamId === streamId);
    if (view?.live) return;
    if (Date.now() > end) throw new Error(`${streamId} runs without a live lease: status ${view?.status}`);
  }
}

function isAllProcessed({ chaos, streamId, feed }: Scene): boolean {
  return chaos.inserted(streamId).size >= feed.sent.length && chaos.processed(streamId).size >= feed.sent.length;
}

function isQuiet({ chaos, streamId, feed }: Scene): boolean {
  return chaos.hops(streamId).length === 0 && feed.open === 0;
}

async function judge(scene: Scene, faults: readonly ChaosFault[], problems: string[]) {
  const { chaos, streamId, feed } = scene;
  const { sent, lost, processedTwice, ...rest } = compareStream(chaos, streamId, await chaos.stored());
  const wrong = complaint({ sent, lost, processedTwice, ...rest });
  if (wrong !== undefined) problems.push(wrong);
  const insertedTwice = [...chaos.inserted(streamId).values()].filter((times) => times > 1).length;
  if (insertedTwice > 0) problems.push(`${insertedTwice} events were inserted twice`);
  const generations = chaos
    .lines(streamId)
    .filter(({ event }) => event === "lease-acquired")
    .map(({ generation }) => Number(generation));
  if (generations.some((generation, i) => i > 0 && generation <= generations[i - 1]!)) {
    problems.push(`generations ${generations.join(", ")}: two owners had the same, or an older one came back`);
  }
  const peak = Math.max(...faults.map((fault) => fault.peak ?? 2));
  if (feed.peak > peak) problems.push(`${feed.peak} connections at once, at most ${peak} are allowed`);
  return {
    streamId,
    faults: faults.map(({ name }) => name),
    sent,
    lost: lost.length,
    processedTwice: processedTwice.length + insertedTwice,
    problems,
  };
}
