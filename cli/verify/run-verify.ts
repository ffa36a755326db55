import {
  type Clock,
  type ConnectionView,
  type Counters,
  type IdentitySettings,
  ZERO_COUNTERS,
} from "pulumi-stream-ingestion/internal";

import type { ConnectionClient } from "../connection-client";
import { CliError } from "../terminal";
import { type Check, evaluateChecks, type Observation, type StoredItem } from "./checks";
import { costOf } from "./cost";
import { numberingOf } from "./numbering";
import { type ObservedEvents, observedEventsCheck } from "./observed-events";
import { provedBy } from "./proved";
import type { SecondConnection } from "./second-connection";
import { POLL_MS, until, type Waiting } from "./until";

/** What the acceptance check reads from a deployment. One implementation serves AWS and the local stack. */
export interface Probe {
  readonly api: ConnectionClient;
  /** HTTP status of an unsigned call. */
  unsignedStatus(): Promise<number>;
  /** Items of a stream that were received since this time. */
  items(streamId: string, since: number): Promise<StoredItem[]>;
  /** Requests a handover from the stream's owner, as the watchdog does after a deployment. */
  requestHandover(streamId: string): Promise<void>;
  /** What the processor reported since this time; `undefined`: its log cannot be read. */
  processing(since: number): Promise<Observation["processing"]>;
  /** Names of the alarms in ALARM; `undefined`: alarms cannot be read. */
  activeAlarms(): Promise<readonly string[] | undefined>;
}

export interface VerifyOptions {
  /** A stream that the upstream serves and that is not running. The check starts it, hands it over and stops it. */
  readonly streamId: string;
  /** How many events to wait for before the handover, and again after it. */
  readonly events: number;
  /** Limit of each step. */
  readonly timeoutMs: number;
  /** JSON pointer to a number that the upstream raises by one with every event of the stream. */
  readonly numberedAt?: string;
  /** A second connection to the upstream, opened once the stream runs, and the deployment's identity of events. */
  readonly secondConnection?: { readonly open: () => SecondConnection; readonly identity: IdentitySettings };
  /** When it aborts, the stream is stopped and the run rejects. */
  readonly signal?: AbortSignal;
  readonly relayMemorySize: number;
  readonly onStep: (sentence: string) => void;
}

export interface VerifyResult {
  readonly checks: readonly Check[];
  /** Behaviours of AWS that the run proved. */
  readonly proved: readonly string[];
  readonly seconds: number;
  /** Dollars, estimated. */
  readonly cost: number;
}

/** The processor counts as done when this many polls in a row find the same numbers. */
const UNCHANGED_POLLS = 3;

/** Runs the check. It always stops the stream. Rejects with {@link CliError} when the stream cannot be used. */
export async function runVerify(probe: Probe, clock: Clock, options: VerifyOptions): Promise<VerifyResult> {
  const { streamId, onStep } = options;
  const { api } = probe;
  const views = await allViews(api);
  const before = views.find((view) => view.streamId === streamId);
  if (before !== undefined && (before.live || before.desired === "open")) {
    throw new CliError(
      `Expected a stream that is not running, but "${streamId}" is running (status: ${before.status}). Pass another id with --stream, or stop it first.`,
      "STREAM_RUNNING",
    );
  }
  const startedAt = clock.now();
  const readStream = () => api.read(streamId);
  const step = <T>(sentence: string, read: () => Promise<T | undefined>) => {
    onStep(sentence);
    return until(clock, options, read);
  };
  let connection: SecondConnection | undefined;
  let observed: ObservedEvents | undefined;
  let handover: Observation["handover"];
  let first = 0;
  try {
    await api.start(streamId, false);
    let from = before;
    if (options.secondConnection !== undefined) {
      // Only after the relay is connected: the check cannot compare what the relay could not receive.
      await step("waiting for the stream to open", async () => hasEnough(await readStream(), before, 1));
      onStep("opening a second connection");
      connection = options.secondConnection.open();
      await connection.opened;
      from = await readStream();
    }
    await step("waiting for events", async () => hasEnough(await readStream(), from, options.events));
    first = (await readStream()).generation;
    onStep("requesting a handover");
    const requestedAt = clock.now();
    await probe.requestHandover(streamId);
    const after = await step("waiting for the handover", async () => {
      const view = await readStream();
      return view.generation > first && view.live && view.status === "open" ? view : undefined;
    });
    if (after !== undefined) {
      handover = { seconds: Math.round((clock.now() - requestedAt) / 1_000), ...lastHandover(after) };
      await step("waiting for events after the handover", async () =>
        hasEnough(await readStream(), after, options.events),
      );
    }
  } finally {
    observed = await connection?.close();
    // The relay gets time to store the last events of the second connection.
    if (observed !== undefined) await clock.sleep(POLL_MS);
    await api.stop(streamId);
  }
  const last = await step("waiting for the stream to stop", async () => {
    const view = await readStream();
    return view.live ? undefined : view;
  });
  const view = last ?? (await readStream());
  const hopSeconds = (clock.now() - startedAt) / 1_000;
  const items = await probe.items(streamId, startedAt);
  onStep("waiting for the processor");
  const onlyStream = !views.some(({ streamId: id, live }) => live && id !== streamId);
  const processing = await processedEvents(probe, clock, startedAt, { stored: items.length, onlyStream }, options);

  const checks = evaluateChecks({
    unsignedStatus: await probe.unsignedStatus(),
    items,
    generations: { first, last: view.generation },
    handover,
    counted: difference(view.counters, before?.counters ?? ZERO_COUNTERS),
    onlyStream,
    processing,
    activeAlarms: await probe.activeAlarms(),
    stopped: last !== undefined,
    ...(options.numberedAt !== undefined && { numbering: numberingOf(items, options.numberedAt) }),
    ...(options.secondConnection !== undefined &&
      observed !== undefined && {
        secondConnection: observedEventsCheck(observed, items, options.secondConnection.identity),
      }),
  });
  const usage = {
    hopSeconds,
    relayMemorySize: options.relayMemorySize,
    invocations: 2 + items.length / 10,
    writes: 2 * items.length + hopSeconds,
  };
  return { checks, proved: provedBy(checks), seconds: (clock.now() - startedAt) / 1_000, cost: costOf(usage) };
}

/** True when the stream has stored enough events, or has ended. */
function hasEnough(view: ConnectionView, before: ConnectionView | undefined, events: number): true | undefined {
  const stored = view.counters.stored - (before?.counters.stored ?? 0);
  return stored >= events || view.status === "failed" || view.status === "completed" ? true : undefined;
}

function lastHandover({ handover }: ConnectionView): { mode?: string; gapMs?: number } {
  return { mode: handover?.mode, gapMs: handover?.lastGapMs };
}

/**
 * What the processor handled, once its numbers no longer change: a second processing follows the first one. While other streams run,
 * the numbers always change, and enough events are enough.
 */
async function processedEvents(
  probe: Probe,
  clock: Clock,
  since: number,
  { stored, onlyStream }: { readonly stored: number; readonly onlyStream: boolean },
  waiting: Waiting,
): Promise<Observation["processing"]> {
  let unchanged = 0;
  let before = -1;
  let reported: Observation["processing"];
  await until(clock, waiting, async () => {
    reported = await probe.processing(since);
    if (reported === undefined) return true;
    const all = reported.processed + reported.failures;
    if (!onlyStream) return all >= stored ? true : undefined;
    unchanged = all === before && all >= stored ? unchanged + 1 : 0;
    before = all;
    return unchanged >= UNCHANGED_POLLS ? true : undefined;
  });
  return reported;
}

function difference(after: Counters, before: Counters): Counters {
  const entries = Object.entries(after).map(([name, value]) => [name, value - (before[name as keyof Counters] ?? 0)]);
  return Object.fromEntries(entries) as unknown as Counters;
}

async function allViews(api: ConnectionClient): Promise<ConnectionView[]> {
  const views: ConnectionView[] = [];
  for await (const view of api.list()) views.push(view);
  return views;
}
