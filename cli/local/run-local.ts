import { type CloudEvent, isProcessAlive, type LocalStackOptions } from "stream-ingestion-local";
import { localConsole } from "../console/local-console";
import { openBrowser } from "../open-browser";
import { consoleAddress, keepConsoleAddress } from "../session/console-address";
import { openSession } from "../session/session-file";
import { sessionResources } from "../session/session-resources";
import { onStopSignal } from "../stop-signals";
import type { StreamView } from "./connection-api";
import { type IngestionStack, startIngestionStack } from "./ingestion-stack";
import { declaredStreams } from "./never-ran";
import { ownersOfInstances } from "./owners";
import { problemsOf } from "./problems";
import { processorLoading } from "./processor-loading";
import { reloadOnChange } from "./reload";
import type { Reporter, Summary } from "./reporter";
import { type StackEvent, stackEventReader } from "./stack-event";
import { count, countedInRun, NO_TOTALS, type RunTotals, sumCounters } from "./totals";
import { unprocessedEvents } from "./unprocessed";
import { API_MS, streamsOf, watchStreams } from "./watch-streams";
import { within } from "./within";

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

/** A stopped run ends within 3 s. The streams get this part of it, the last deliveries and the API the rest. */
const STREAMS_STOP_MS = 1_200;
const DRAIN_MS = 400;
const FORCED_EXIT_MS = 3_000;
/** As shells report a program that Ctrl-C ended. */
const INTERRUPTED = 130;

export interface RunOptions
  extends Omit<LocalStackOptions, "onEvent" | "onReport" | "onResource" | "onRequest" | "signal"> {
  /** Whether to open the console in the browser. */
  readonly open?: boolean;
  /** Port of the first processor's debugger. The next processor has the next port. @default no debugger */
  readonly inspectPort?: number;
}

/**
 * Starts a stack, runs `scenario` on it, reports, and closes it. Resolves to the exit code; rejects when the stack does not
 * start. A signal ends the scenario; a second one exits at once.
 */
export async function runLocal(
  { open, ...options }: RunOptions,
  reporter: Reporter,
  scenario: Scenario,
): Promise<number> {
  const stop = new AbortController();
  let exitCode = 1;
  let started = false;
  const removeHandlers = stopOnSignal(stop, {
    onStop: () =>
      reporter.note(
        started
          ? "Stopping: received events are stored, and processed as far as possible within 3 s. Ctrl-C again exits at once."
          : "Stopped before the program ran.",
      ),
    onForcedExit: () => {
      summarise?.();
      return exitCode;
    },
  });
  /** Reports what is known when a stop takes too long. */
  let summarise: (() => void) | undefined;
  let totals = NO_TOTALS;
  const listeners: ((event: StackEvent) => void)[] = [];
  const owners = ownersOfInstances();
  const loading = processorLoading(owners.processors);
  const unprocessed = unprocessedEvents(owners);
  const eventsOf = stackEventReader(owners);
  const { token, port } = await consoleAddress(options.program, options.port ?? 0);
  const page = localConsole(options.stack, token, reporter.note);
  // Declared streams can run before the last resource exists, and only then are the event tables known.
  let buffered: CloudEvent[] | undefined = [];
  /** The summary is the last thing that a run reports. */
  let concluded = false;
  const onEvent = (event: CloudEvent) => {
    if (concluded) return;
    if (buffered !== undefined) {
      buffered.push(event);
      return;
    }
    unprocessed.add(event);
    for (const streamEvent of eventsOf(event)) {
      totals = count(totals, streamEvent);
      loading.add(streamEvent);
      reporter.event(streamEvent);
      page.event(streamEvent);
      for (const listener of listeners) listener(streamEvent);
    }
  };

  try {
    const startedAt = Date.now();
    reporter.step("Evaluating the program");
    let resources = 0;
    const reported = new Set<string>();
    /** An update evaluates the program again, which repeats its messages. */
    const onReport = (text: string) => {
      if (!reported.has(text)) reporter.note(text);
      reported.add(text);
    };
    const onResource = ({ name }: { readonly name: string }) =>
      reporter.step("Creating resources", `${++resources}: ${name}`);
    const { signal } = stop;
    const stack = await startIngestionStack({
      ...options,
      port,
      keepWorkingCode: true,
      onEvent,
      onReport,
      onResource,
      onRequest: page.handle,
      signal,
    }).catch((error: Error) => {
      if (!signal.aborted) throw error;
    });
    if (stack === undefined) return INTERRUPTED;
    started = true;
    const session = openSession(options.program, isProcessAlive);
    const adopt = () => {
      for (const instance of stack.instances) {
        owners.add(instance);
        if (instance.processor !== undefined) void stack.cloud.functions.prepare(instance.processor);
      }
      void page.adopt(stack).catch((error: Error) => page.note(error.message));
      const { endpoint, region, operator } = stack.cloud;
      const resources = sessionResources(stack.resources);
      session.write({ stack: options.stack, endpoint, region, operator, resources });
    };
    adopt();
    const neverRan = declaredStreams(stack);
    inspectProcessors(stack, options.inspectPort);
    const endReload = reloadOnChange(stack, reporter, adopt);
    // Ctrl-C also ends the process of a running update, which is then not a failed edit.
    signal.addEventListener("abort", () => void endReload());
    try {
      keepConsoleAddress(options.program, { token, port: Number(new URL(stack.cloud.endpoint).port) }, isProcessAlive);
      const link = page.link(stack.cloud.endpoint);
      reporter.ready(stack, link);
      if (session.note !== undefined) reporter.note(session.note);
      if (open) openBrowser(link, reporter.note);
      const early = buffered;
      buffered = undefined;
      for (const event of early) onEvent(event);
      const read = () => streamsOf(stack);
      const watching = watchStreams(read, (seen) => {
        reporter.progress(countedInRun(stack.streamsBefore, seen), totals);
        page.streams(stack, seen);
      });
      // After a signal there is no time for a slow answer.
      const streams = async () => (signal.aborted ? ((await within(API_MS, read())) ?? watching.last()) : read());
      const conclude = (finalStreams: readonly StreamView[], result: ScenarioResult, ranMs: number) => {
        summarise = undefined;
        const counters = sumCounters(countedInRun(stack.streamsBefore, finalStreams));
        const problems = [
          ...result.problems,
          ...problemsOf({
            counters,
            totals,
            compared: result.compared,
            neverRan: neverRan(stack, finalStreams, ranMs),
            neverLoaded: loading.neverLoaded(),
          }),
        ];
        exitCode = problems.length === 0 ? 0 : 1;
        const { compared } = result;
        concluded = true;
        reporter.summary({
          seconds: ranMs / 1_000,
          totals,
          streams: finalStreams,
          counters,
          compared,
          unprocessed: unprocessed.count(),
          problems,
        });
      };
      summarise = () => conclude(watching.last(), { problems: [] }, Date.now() - startedAt);
      const result = await scenario
        .run({ stack, stop: signal, reporter, totals: () => totals, streams, onEvent: (l) => listeners.push(l) })
        .finally(() => watching.end());
      const ranMs = Date.now() - startedAt;
      await within(STREAMS_STOP_MS, stack.stopStreams(STREAMS_STOP_MS));
      // The last events are delivered and counted before the summary.
      await stack.drain(DRAIN_MS);
      const finalStreams = (await within(API_MS, read())) ?? watching.last();
      conclude(finalStreams, result, ranMs);
      return exitCode;
    } finally {
      void endReload();
      page.close();
      session.close();
      await stack.close();
    }
  } finally {
    reporter.close();
    removeHandlers();
  }
}

function inspectProcessors({ instances, cloud }: IngestionStack, port: number | undefined): void {
  if (port === undefined) return;
  const processors = instances.flatMap(({ processor }) => processor ?? []);
  for (const [i, processor] of processors.entries()) cloud.functions.inspect(processor, port + i);
}

function stopOnSignal(
  stop: AbortController,
  { onStop, onForcedExit }: { readonly onStop: () => void; readonly onForcedExit: () => number },
): () => void {
  return onStopSignal(() => {
    if (stop.signal.aborted) process.exit(INTERRUPTED);
    stop.abort();
    onStop();
    // A stopped run must not leave processes behind, even when a step hangs.
    setTimeout(() => process.exit(onForcedExit()), FORCED_EXIT_MS).unref();
  });
}
