import { setTimeout as sleep } from "node:timers/promises";
import { type Counters, newEvents, unaccounted } from "../../runtime/contract";
import type { ChaosStack } from "./chaos-stack";
import { compareStream, problemOf } from "./compare-stream";
import type { ChaosFault, Scene } from "./scene";

/** The result of one stream with injected faults. */
export interface Episode {
  readonly streamId: string;
  readonly faults: readonly string[];
  readonly sent: number;
  readonly lost: number;
  readonly processedTwice: number;
  /** From the end of the last fault until there is one live lease, one connection, and every event sent by then is stored. */
  readonly recoveryMs: number;
  /** Failed expectations; empty when all hold. */
  readonly problems: readonly string[];
}

/** The relay waits up to a minute after a 429, also with short hops. */
const RECOVERY_MS = 180_000;
const DRAIN_MS = 60_000;
const POLL_MS = 50;

/** Starts a stream, injects the faults at the same time, waits for the recovery, stops the stream, and compares. */
export async function runEpisode(
  chaos: ChaosStack,
  streamId: string,
  faults: readonly ChaosFault[],
  random: () => number,
): Promise<Episode> {
  const feed = chaos.feeds.feed(streamId);
  const scene: Scene = { chaos, streamId, feed, random, onlyFault: faults.length === 1 };
  const problems: string[] = [];
  let recoveryMs = 0;
  try {
    await chaos.api.start(streamId);
    await chaos.until(`${streamId} to run`, () => chaos.inserted(streamId).size > 0);
    await sleep(random() * 500);
    const injections = await Promise.allSettled(faults.map(({ inject }) => inject(scene)));
    // One of two faults can prevent the other: without a second connection there is no overlap to kill the predecessor in.
    const missed = injections.find((one) => one.status === "rejected");
    if (missed && scene.onlyFault) throw missed.reason;
    // The fault may have failed between a stop and its start.
    if (missed) await chaos.api.start(streamId);
    const faultsEndedAt = Date.now();
    await recovered(scene, feed.sent.length);
    recoveryMs = Date.now() - faultsEndedAt;
  } catch (error) {
    problems.push((error as Error).message);
  }
  feed.stopSending();
  await chaos.until("", () => isAllProcessed(scene)).catch(() => {});
  await chaos.api.stop(streamId).catch((error: Error) => problems.push(error.message));
  await chaos
    .until(`no hop and no connection of ${streamId} after its stop`, () => isQuiet(scene))
    .catch((error: Error) => problems.push(error.message));
  return { ...(await resultOf(scene, faults, problems)), recoveryMs };
}

/** Waits for one live lease, one connection, every event sent so far in the table, and a newer one. */
async function recovered({ chaos, streamId, feed }: Scene, sent: number): Promise<void> {
  await chaos.until(
    `${streamId} to run again (${sent} events to be stored)`,
    () => chaos.inserted(streamId).size > sent && feed.open === 1 && chaos.hops(streamId).length === 1,
    RECOVERY_MS,
  );
  // A break has no owner for a moment.
  for (const end = Date.now() + RECOVERY_MS; ; await sleep(POLL_MS)) {
    const view = (await chaos.api.list()).find((one) => one.streamId === streamId);
    if (view?.live) return;
    if (Date.now() > end) throw new Error(`${streamId} runs without a live lease: status ${view?.status}`);
  }
}

function isAllProcessed({ chaos, streamId, feed }: Scene): boolean {
  return chaos.inserted(streamId).size >= feed.sent.length && chaos.processedEvents(streamId) >= feed.sent.length;
}

function isQuiet({ chaos, streamId, feed }: Scene): boolean {
  return chaos.hops(streamId).length === 0 && feed.open === 0;
}

/** The stream's counters and those of each hop must add up, and agree with the items in the table. */
async function accountOf({ chaos, streamId }: Scene): Promise<string[]> {
  // The modifications of the table are counted, too.
  await chaos.stack.drain(DRAIN_MS);
  const view = async () => (await chaos.api.list()).find((one) => one.streamId === streamId);
  // After a crash, the watchdog closes the row.
  for (const end = Date.now() + RECOVERY_MS; (await view())?.status !== "closed" && Date.now() < end; )
    await sleep(POLL_MS);
  const counters = (await view())?.counters;
  if (counters === undefined) return [`${streamId} has no counters`];
  const problems: string[] = [];
  if (unaccounted(counters) !== 0 || counters.inFlight !== 0) {
    problems.push(`${unaccounted(counters)} events are not accounted for: ${JSON.stringify(counters)}`);
  }
  const inserted = chaos.inserted(streamId).size;
  const stored = newEvents(counters);
  const lines = (name: string) => chaos.lines(streamId).filter(({ event }) => event === name);
  const hops = lines("stream-left").map((line) => line.counters as Counters);
  problems.push(
    ...hops.filter((hop) => unaccounted(hop) !== 0).map((hop) => `A hop does not account for: ${JSON.stringify(hop)}`),
  );
  // A hop that crashed stored more than it reported.
  const isComplete =
    lines("hop-start").length === hops.length && hops.reduce((sum, hop) => sum + hop.received, 0) === counters.received;
  // What was abandoned at a deadline, or in flight when a lease ended without a release, is in the table or not.
  const most = isComplete ? stored + counters.abandoned + counters.unknown : Number.POSITIVE_INFINITY;
  if (inserted < stored || inserted > most) {
    problems.push(`${inserted} stored events, but the counters show ${stored} new events: ${JSON.stringify(counters)}`);
  }
  return problems;
}

async function resultOf(scene: Scene, faults: readonly ChaosFault[], problems: string[]) {
  const { chaos, streamId, feed } = scene;
  const { sent, lost, processedTwice, ...rest } = compareStream(chaos, streamId, await chaos.stored());
  const problem = problemOf({ sent, lost, processedTwice, ...rest });
  if (problem !== undefined) problems.push(problem);
  const insertedTwice = [...chaos.inserted(streamId).values()].filter((times) => times > 1).length;
  if (insertedTwice > 0) problems.push(`${insertedTwice} events were inserted twice`);
  problems.push(...(await accountOf(scene)));
  const generations = chaos
    .lines(streamId)
    .filter(({ event }) => event === "lease-acquired")
    .map(({ generation }) => Number(generation));
  if (generations.some((generation, i) => i > 0 && generation <= generations[i - 1]!)) {
    problems.push(`generations ${generations.join(", ")}: they must rise with every acquire`);
  }
  const peak = Math.max(...faults.map((fault) => fault.peak ?? 2));
  if (feed.peak > peak) problems.push(`${feed.peak} concurrent connections, at most ${peak} are allowed`);
  return {
    streamId,
    faults: faults.map(({ name }) => name),
    sent,
    lost: lost.length,
    processedTwice: processedTwice.length + insertedTwice,
    problems,
  };
}
