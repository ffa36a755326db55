import { setTimeout as sleep } from "node:timers/promises";
import type { CloudEvent, LocalStackOptions } from "../../local/index";
import type { StreamView } from "./connection-api";
import { type IngestionStack, startIngestionStack } from "./ingestion-stack";
import type { Reporter, Summary } from "./reporter";
import { type StackEvent, stackEvents } from "./stack-event";
import { count, NOTHING_YET, type Tally } from "./tally";

/** What happens on the stack between its start and its end. */
export interface Scenario {
  /** Returns when the run is over by itself, or `stop` aborted; the result are the problems it met. */
  run(running: Running): Promise<Verdict>;
}

export interface Running {
  readonly stack: IngestionStack;
  readonly stop: AbortSignal;
  readonly reporter: Reporter;
  tally(): Tally;
  /** Streams as the API lists them, all instances together. */
  streams(): Promise<readonly StreamView[]>;
  onEvent(listener: (event: StackEvent) => void): void;
}

export type Verdict = Pick<Summary, "compared" | "problems">;

const PROGRESS_MS = 500;
/** Of the 10 s that a stop may take: what the streams get. The rest is for the last deliveries. */
const STREAMS_STOP_MS = 6_000;
const GIVE_UP_MS = 9_500;

/**
 * Starts a stack, shows it, runs `scenario` on it, and ends it. Resolves to the exit code; rejects when the stack
 * does not start. SIGINT and SIGTERM end the scenario early, a second one everything.
 */
export async function runLocal(
  options: Omit<LocalStackOptions, "onEvent" | "onReport" | "signal">,
  reporter: Reporter,
  scenario: Scenario,
): Promise<number> {
  const stop = new AbortController();
  const unhook = onSignals(stop, () =>
    reporter.note("Stopping: what was read is still stored and processed. Ctrl-C again ends at once."),
  );
  let tally = NOTHING_YET;
  const listeners: ((event: StackEvent) => void)[] = [];
  const tables = new Set<string>();
  // Declared streams can run before the last resource is there, and which tables hold events is known only then.
  let early: CloudEvent[] | undefined = [];
  const onEvent = (event: CloudEvent) => {
    if (early !== undefined) {
      early.push(event);
      return;
    }
    for (const happened of stackEvents(event, tables)) {
      tally = count(tally, happened);
      reporter.event(happened);
      for (const listener of listeners) listener(happened);
    }
  };

  try {
    const began = Date.now();
    const stack = await startIngestionStack({ ...options, onEvent, onReport: reporter.note, signal: stop.signal });
    for (const table of stack.instances.flatMap(({ eventTables }) => eventTables)) tables.add(table);
    try {
      reporter.ready(stack);
      const missed = early;
      early = undefined;
      for (const event of missed) onEvent(event);
      const streams = async () => (await Promise.all(stack.instances.map(({ api }) => api.list()))).flat();
      const watching = watch(streams, () => tally, reporter);
      const verdict = await scenario
        .run({ stack, stop: stop.signal, reporter, tally: () => tally, streams, onEvent: (l) => listeners.push(l) })
        .finally(() => watching.end());
      await stack.stopStreams(STREAMS_STOP_MS);
      const seen = await streams();
      await stack.close();
      reporter.summary({ seconds: (Date.now() - began) / 1_000, tally, streams: seen, ...verdict });
      return verdict.problems.length === 0 ? 0 : 1;
    } finally {
      await stack.close();
    }
  } finally {
    unhook();
  }
}

function onSignals(stop: AbortController, onStop: () => void): () => void {
  const end = () => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
    onStop();
    // Whatever hangs: nothing of a stopped run may stay behind.
    setTimeout(() => process.exit(1), GIVE_UP_MS).unref();
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, end);
  return () => {
    for (const signal of ["SIGINT", "SIGTERM"] as const) process.off(signal, end);
  };
}

function watch(streams: Running["streams"], tally: () => Tally, reporter: Reporter): { end(): Promise<void> } {
  const over = new AbortController();
  const watching = (async () => {
    while (!over.signal.aborted) {
      // A list that fails now is asked for again in a moment; the scenario and the stop tell of a lasting failure.
      const seen = await streams().catch(() => undefined);
      if (seen !== undefined) reporter.progress(seen, tally());
      await sleep(PROGRESS_MS, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  return {
    end: async () => {
      over.abort();
      await watching;
    },
  };
}
