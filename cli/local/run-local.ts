import { setTimeout as sleep } from "node:timers/promises";
import type { CloudEvent, LocalStackOptions } from "stream-ingestion-local";
import { writeSession } from "../session/session-file";
import { sessionResources } from "../session/session-resources";
import type { StreamView } from "./connection-api";
import { type IngestionStack, startIngestionStack } from "./ingestion-stack";
import { problemsOf } from "./problems";
import type { Reporter, Summary } from "./reporter";
import { type StackEvent, stackEventReader } from "./stack-event";
import { count, countedInRun, NO_TOTALS, type RunTotals, sumCounters } from "./totals";

/** What a run does between the start and the end of the stack. */
export interface Scenario {
  /** Resolves when the run ends by itself or `stop` aborts. */
  run(running: Running): Promise<ScenarioResult>;
}

export interface Running {
  readonly stack: IngestionStack;
  readonly stop: AbortSignal;
  readonly reporter: Reporter;
  totals(): RunTotals;
  /** The streams of all instances, from the API. */
  streams(): Promise<readonly StreamView[]>;
  onEvent(listener: (event: StackEvent) => void): void;
}

export type ScenarioResult = Pick<Summary, "compared" | "problems">;

const PROGRESS_MS = 500;
/** A stop may take 10 s. The streams get this part of it, the last deliveries the rest. */
const STREAMS_STOP_MS = 6_000;
const DRAIN_MS = 2_500;
const FORCED_EXIT_MS = 9_500;

/**
 * Starts a stack, runs `scenario` on it, reports, and closes it. Resolves to the exit code; rejects when the stack does not
 * start. SIGINT and SIGTERM end the scenario; a second signal exits at once.
 */
export async function runLocal(
  options: Omit<LocalStackOptions, "onEvent" | "onReport" | "signal">,
  reporter: Reporter,
  scenario: Scenario,
): Promise<number> {
  const stop = new AbortController();
  const removeHandlers = onSignals(stop, () =>
    reporter.note(
      "Stopping. Events that were received are still stored and processed. Press Ctrl-C again to exit at once.",
    ),
  );
  let totals = NO_TOTALS;
  const listeners: ((event: StackEvent) => void)[] = [];
  const eventTables = new Set<string>();
  const instances = new Map<string, string>();
  const processors = new Set<string>();
  const read = stackEventReader({ eventTables, instanceOf: (name) => instances.get(name), processors });
  // Declared streams can run before the last resource exists, and only then are the event tables known.
  let buffered: CloudEvent[] | undefined = [];
  const onEvent = (event: CloudEvent) => {
    if (buffered !== undefined) {
      buffered.push(event);
      return;
    }
    for (const streamEvent of read(event)) {
      totals = count(totals, streamEvent);
      reporter.event(streamEvent);
      for (const listener of listeners) listener(streamEvent);
    }
  };

  try {
    const startedAt = Date.now();
    const stack = await startIngestionStack({ ...options, onEvent, onReport: reporter.note, signal: stop.signal });
    for (const instance of stack.instances) {
      for (const table of instance.eventTables) eventTables.add(table);
      for (const resource of [...instance.eventTables, ...instance.functions]) instances.set(resource, instance.name);
      if (instance.processor === undefined) continue;
      processors.add(instance.processor);
      stack.cloud.functions.prepare(instance.processor);
    }
    const { endpoint, region, operator } = stack.cloud;
    const resources = sessionResources(stack.resources);
    const removeSession = writeSession(options.program, {
      stack: options.stack,
      endpoint,
      region,
      operator,
      resources,
    });
    try {
      reporter.ready(stack);
      const early = buffered;
      buffered = undefined;
      for (const event of early) onEvent(event);
      const streams = async () => (await Promise.all(stack.instances.map(({ api }) => api.list()))).flat();
      const watching = watch(streams, () => totals, reporter);
      const before = sumCounters(stack.streamsBefore);
      const result = await scenario
        .run({ stack, stop: stop.signal, reporter, totals: () => totals, streams, onEvent: (l) => listeners.push(l) })
        .finally(() => watching.end());
      await stack.stopStreams(STREAMS_STOP_MS);
      // The last events are delivered and counted before the summary.
      await stack.drain(DRAIN_MS);
      const finalStreams = await streams();
      const counters = countedInRun(before, sumCounters(finalStreams));
      await stack.close();
      const problems = [...result.problems, ...problemsOf({ counters, totals, compared: result.compared })];
      const seconds = (Date.now() - startedAt) / 1_000;
      reporter.summary({ seconds, totals, streams: finalStreams, counters, compared: result.compared, problems });
      return problems.length === 0 ? 0 : 1;
    } finally {
      removeSession();
      await stack.close();
    }
  } finally {
    removeHandlers();
  }
}

function onSignals(stop: AbortController, onStop: () => void): () => void {
  const end = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
    onStop();
    // A stopped run must not leave processes behind, even when a step hangs.
    setTimeout(() => process.exit(1), FORCED_EXIT_MS).unref();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
  return () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  };
}

function watch(streams: Running["streams"], totals: () => RunTotals, reporter: Reporter): { end(): Promise<void> } {
  const ended = new AbortController();
  const watching = (async () => {
    while (!ended.signal.aborted) {
      // A failed call is repeated with the next progress; the scenario and the stop report a lasting failure.
      const seen = await streams().catch(() => undefined);
      if (seen !== undefined) reporter.progress(seen, totals());
      await sleep(PROGRESS_MS, undefined, { signal: ended.signal }).catch(() => {});
    }
  })();
  return {
    end: async () => {
      ended.abort();
      await watching;
    },
  };
}
