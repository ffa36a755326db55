import { setTimeout as sleep } from "node:timers/promises";
import type { StreamView } from "./connection-api";
import type { Running, Scenario, Verdict } from "./run-local";
import { compare, type EventCopy, isClean } from "./sample/compare";
import type { SampleUpstream } from "./sample/sample-upstream";
import { readStoredEvents, type StoredEvent } from "./stored-events";
import type { Tally } from "./tally";

const LOOK_MS = 200;
/** After the upstream fell silent: how long the last events may take to be stored and processed. */
const SETTLE_MS = 15_000;
/** A stream that never opened and was tried this often has an upstream that does not answer. */
const TRIES = 3;

/** Runs until a signal comes; streams are whatever the program declares and the API is asked for. */
export const untilStopped: Scenario = {
  run: async ({ stop, streams, tally }) => {
    await aborted(stop);
    return { problems: [...(await streams()).filter(isHopeless).map(problemOf), ...unprocessed(tally())] };
  },
};

function unprocessed({ parked, failed }: Tally): string[] {
  if (parked > 0) return [`${parked} events failed in the processor and lie in the failure bucket`];
  return failed > 0 ? [`The processor failed for ${failed} deliveries`] : [];
}

/** Starts streams and runs until a signal comes, or until none of them can work. */
export function realStreams(streamIds: readonly string[]): Scenario {
  return {
    run: async ({ stack, stop, streams, tally }) => {
      await startAll(stack.instances, streamIds);
      while (!stop.aborted) {
        const hopeless = (await streams()).filter(isHopeless);
        if (hopeless.length === streamIds.length) return { problems: hopeless.map(problemOf) };
        await pause(LOOK_MS, stop);
      }
      return { problems: unprocessed(tally()) };
    },
  };
}

/** Runs the sample upstream for some seconds, lets everything arrive, and compares what it sent with what came of it. */
export function sampleRun(upstream: SampleUpstream, seconds: number): Scenario {
  return {
    run: async (running) => {
      const { stack, stop, streams } = running;
      const processed: EventId[] = [];
      running.onEvent((event) => {
        if (event.kind === "processed") processed.push(event);
      });
      // A kept data folder holds events of earlier runs, which this upstream has no account of.
      const earlier = new Set((await storedIn(stack)).map(idOf));
      await startAll(stack.instances, upstream.streamIds);
      const end = Date.now() + seconds * 1_000;
      while (!stop.aborted && Date.now() < end) {
        const failed = (await streams()).filter(isHopeless);
        if (failed.length > 0) return { problems: failed.map(problemOf) };
        await pause(Math.min(LOOK_MS, Math.max(0, end - Date.now())), stop);
      }
      upstream.quieten();
      const sent = [...upstream.sent()].flatMap(([streamId, ticks]) =>
        ticks.map(({ data }): EventCopy => ({ streamId, data })),
      );
      const settled = Date.now() + (stop.aborted ? SETTLE_MS / 5 : SETTLE_MS);
      while (Date.now() < settled && processed.length < sent.length) await sleep(LOOK_MS);
      const stored = (await storedIn(stack)).filter((event) => !earlier.has(idOf(event)));
      return judge(sent, stored, processed);
    },
  };
}

async function storedIn({ cloud, instances }: Running["stack"]): Promise<StoredEvent[]> {
  const tables = instances.flatMap(({ eventTables }) => eventTables);
  return (await Promise.all(tables.map((table) => readStoredEvents(cloud, table)))).flat();
}

type EventId = Pick<StoredEvent, "streamId" | "key">;

function idOf({ streamId, key }: EventId): string {
  return `${streamId}\n${key}`;
}

function judge(sent: readonly EventCopy[], items: readonly StoredEvent[], processed: readonly EventId[]): Verdict {
  const stored = items.map((item) => ({ streamId: item.streamId, key: item.key, data: item.data?.toString() ?? "" }));
  // The processor gets records by key; what they hold is what the table holds under that key.
  const byKey = new Map(stored.map((event) => [idOf(event), event]));
  const handled = processed.map((event) => byKey.get(idOf(event)) ?? { streamId: event.streamId, data: event.key });
  const comparison = compare(sent, stored, handled);
  const { lost, doubled, unprocessed, foreign } = comparison;
  const compared = {
    sent: comparison.sent,
    lost: lost.length,
    doubled: doubled.length,
    unprocessed: unprocessed.length,
    foreign: foreign.length,
  };
  if (isClean(comparison)) return { compared, problems: [] };
  const first = [...lost, ...unprocessed, ...doubled, ...foreign][0];
  return {
    compared,
    problems: [
      `${lost.length} lost, ${unprocessed.length} not processed, ${doubled.length} processed twice, ` +
        `${foreign.length} never sent; the first: ${first?.streamId} ${first?.data}`,
    ],
  };
}

async function startAll(instances: Running["stack"]["instances"], streamIds: readonly string[]): Promise<void> {
  for (const { api } of instances) for (const streamId of streamIds) await api.start(streamId);
}

function isHopeless({ status, attempt, counters, lastError }: StreamView): boolean {
  return status === "failed" || (lastError !== undefined && attempt >= TRIES && counters.bytes === 0);
}

function problemOf({ streamId, lastError, status }: StreamView): string {
  return `Stream ${streamId} does not come in: ${lastError?.message ?? status}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // A pending promise keeps no process alive, this timer does.
    const alive = setInterval(() => {}, 60_000);
    signal.addEventListener("abort", () => resolve(clearInterval(alive)), { once: true });
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
