import { setTimeout as sleep } from "node:timers/promises";
import { storedEvents } from "pulumi-stream-ingestion/internal";
import type { StreamView } from "./connection-api";
import type { Running, Scenario, ScenarioResult } from "./run-local";
import { compare, type EventCopy, isClean } from "./sample/compare";
import type { SampleUpstream } from "./sample/sample-upstream";
import type { StackEvent } from "./stack-event";
import { readStoredEvents, type StoredEvent } from "./stored-events";

const POLL_MS = 200;
/** How long the last events may take to be stored and processed after the upstream stops sending. */
const SETTLE_MS = 15_000;
/** A stream that received no byte in this many attempts counts as failed. */
const MAX_ATTEMPTS = 3;
/** After a signal, the run ends within seconds. */
const STOPPED_SETTLE_MS = 500;
/** Time between two events that are shown. */
const SAMPLE_MS = 2_000;

/** Runs until a signal. The streams are those that the program declares and those that are started through the API. */
export const untilStopped: Scenario = {
  run: async ({ stop, streams }) => {
    await aborted(stop);
    return { problems: (await streams()).filter(receivedNothing).map(problemOf) };
  },
};

/** Starts streams and runs until a signal, or until all of them have failed. */
export function realStreams(streamIds: readonly string[]): Scenario {
  return {
    run: async ({ stack, stop, streams }) => {
      await startAll(stack.instances, streamIds);
      while (!stop.aborted) {
        const failed = (await streams()).filter(hasFailed);
        if (failed.length === streamIds.length) return { problems: failed.map(problemOf) };
        await pause(POLL_MS, stop);
      }
      return { problems: (await streams()).filter(receivedNothing).map(problemOf) };
    },
  };
}

/** Runs the sample upstream for some seconds, waits for the last events, and compares what was sent, stored and processed. */
export function sampleRun(upstream: SampleUpstream, seconds: number): Scenario {
  return {
    run: async (running) => {
      const { stack, stop, streams } = running;
      const processed: EventId[] = [];
      const showSample = sampler(running);
      running.onEvent((event) => {
        if (event.kind === "processed") processed.push(event);
        if (event.kind === "stored") showSample(event);
      });
      // A data folder can contain events of earlier runs, which this upstream did not send.
      const earlier = new Set((await storedIn(stack)).map(idOf));
      await startAll(stack.instances, upstream.streamIds);
      const end = Date.now() + seconds * 1_000;
      while (!stop.aborted && Date.now() < end) {
        const failed = (await streams()).filter(hasFailed);
        if (failed.length > 0) return { problems: failed.map(problemOf) };
        await pause(Math.min(POLL_MS, Math.max(0, end - Date.now())), stop);
      }
      upstream.stopSending();
      const sent = [...upstream.sent()].flatMap(([streamId, ticks]) =>
        ticks.map(({ data }): EventCopy => ({ streamId, data })),
      );
      const settled = Date.now() + (stop.aborted ? STOPPED_SETTLE_MS : SETTLE_MS);
      while (Date.now() < settled && processed.length < sent.length) await sleep(POLL_MS);
      const stored = (await storedIn(stack)).filter((event) => !earlier.has(idOf(event)));
      return compareRun(sent, stored, processed);
    },
  };
}

/** Shows an event every few seconds. */
function sampler({ reporter }: Running): (event: Extract<StackEvent, { kind: "stored" }>) => void {
  let shownAt = 0;
  return ({ at, image }) => {
    if (at - shownAt < SAMPLE_MS || image === undefined) return;
    shownAt = at;
    const [event] = storedEvents(image as Parameters<typeof storedEvents>[0]);
    if (event !== undefined) reporter.sample(event);
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

function compareRun(
  sent: readonly EventCopy[],
  items: readonly StoredEvent[],
  processed: readonly EventId[],
): ScenarioResult {
  const stored = items.map((item) => ({ streamId: item.streamId, key: item.key, data: item.data?.toString() ?? "" }));
  // A delivery reports keys only; the data is in the table under the same key.
  const byKey = new Map(stored.map((event) => [idOf(event), event]));
  const processedCopies = processed.map(
    (event) => byKey.get(idOf(event)) ?? { streamId: event.streamId, data: event.key },
  );
  const comparison = compare(sent, stored, processedCopies);
  const { lost, processedTwice, unprocessed, unexpected } = comparison;
  const compared = {
    sent: comparison.sent,
    lost: lost.length,
    processedTwice: processedTwice.length,
    unprocessed: unprocessed.length,
    unexpected: unexpected.length,
  };
  if (isClean(comparison)) return { compared, problems: [] };
  const first = [...lost, ...unprocessed, ...processedTwice, ...unexpected][0];
  return {
    compared,
    problems: [
      `${lost.length} lost, ${unprocessed.length} not processed, ${processedTwice.length} processed twice, ` +
        `${unexpected.length} never sent; the first: ${first?.streamId} ${first?.data}`,
    ],
  };
}

async function startAll(instances: Running["stack"]["instances"], streamIds: readonly string[]): Promise<void> {
  for (const { api } of instances) for (const streamId of streamIds) await api.start(streamId);
}

function hasFailed({ status, attempt, counters, lastError }: StreamView): boolean {
  return status === "failed" || (lastError !== undefined && attempt >= MAX_ATTEMPTS && counters.bytes === 0);
}

/** For the end of a run: the stream failed, or received no byte during two hops. */
function receivedNothing(stream: StreamView): boolean {
  const { counters, lastError, handover } = stream;
  const ranLongEnough = lastError !== undefined || (handover?.count ?? 0) >= 2;
  return hasFailed(stream) || (counters.bytes === 0 && ranLongEnough);
}

function problemOf({ streamId, lastError, status }: StreamView): string {
  return `Stream ${streamId} receives no events: ${lastError?.message ?? `its source sent nothing (${status})`}`;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    // A pending promise does not keep the process alive; this timer does.
    const keepAlive = setInterval(() => {}, 60_000);
    signal.addEventListener("abort", () => resolve(clearInterval(keepAlive)), { once: true });
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return sleep(ms, undefined, { signal }).catch(() => {});
}
