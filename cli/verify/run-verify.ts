import { type Clock, type ConnectionView, type Counters, ZERO_COUNTERS } from "pulumi-stream-ingestion/internal";

import type { ConnectionClient } from "../connection-client";
import { CliError } from "../terminal";
import type { Check } from "./check";
import { type Alarm, evaluateChecks, type Observation, type StoredItem } from "./checks";
import { costOf } from "./cost";
import { numberingOf } from "./numbering";
import { observedEventsCheck } from "./observed-events";
import { type Poison, poisonCheck } from "./poison";
import { type Proof, proofOf } from "./proved";
import { reporting, runStream, type StreamOptions, type StreamPorts } from "./run-stream";
import { pause, throwIfInterrupted, until, type Waiting } from "./until";

/** What the acceptance check reads from a deployment. One implementation serves AWS and the local stack. */
export interface Probe extends StreamPorts {
  /** HTTP status of an unsigned call. */
  unsignedStatus(): Promise<number>;
  /** Items of a stream that were received since this time. */
  items(streamId: string, since: number): Promise<StoredItem[]>;
  /** What the processor reported since this time; `undefined`: its log cannot be read. */
  processing(since: number): Promise<Observation["processing"]>;
  /** The deployment's alarms; `undefined`: they cannot be read. */
  alarms(): Promise<readonly Alarm[] | undefined>;
  readonly poison: Poison;
}

export interface VerifyOptions extends Omit<StreamOptions, "waiting"> {
  /** Limit of each step. */
  readonly timeoutMs: number;
  /** JSON pointer to a number that the upstream raises by one with every event of the stream. */
  readonly numberedAt?: string;
  /** How long nothing calls the API before it is called again. @default not checked */
  readonly idleSeconds?: number;
  /** Whether to store an event that cannot be processed. @default false */
  readonly poison?: boolean;
  /** When it aborts, the stream is stopped and the run rejects. */
  readonly signal?: AbortSignal;
  readonly relayMemorySize: number;
  /** Whether the deployment starts new chains of hops: `relay.recursion` is "none". */
  readonly newChains: boolean;
}

export interface VerifyResult extends Proof {
  readonly checks: readonly Check[];
  readonly seconds: number;
  /** Dollars, estimated. */
  readonly cost: number;
}

/** The processor counts as done when this many polls in a row find the same numbers. */
const UNCHANGED_POLLS = 3;

/** Runs the check. It always stops the stream. Rejects with {@link CliError} when the stream cannot be used. */
export async function runVerify(probe: Probe, clock: Clock, options: VerifyOptions): Promise<VerifyResult> {
  const { streamId, onStep, timeoutMs, signal } = options;
  const { api } = probe;
  const views = await allViews(api);
  const before = views.find((view) => view.streamId === streamId);
  if (before !== undefined && (before.live || before.desired === "open")) {
    throw new CliError(
      `Expected a stream that is not running, but "${streamId}" is running (status: ${before.status}). Pass another id with --stream, or stop it first.`,
      "STREAM_RUNNING",
    );
  }
  throwIfInterrupted(signal);
  const waiting = { timeoutMs, signal };
  const during = (sentence: string): Waiting => {
    onStep(sentence);
    return reporting(waiting, sentence, onStep);
  };
  const startedAt = clock.now();
  const { first, handover, hops, observed } = await runStream(probe, clock, before, { ...options, waiting });
  const last = await until(clock, during("waiting for the stream to stop"), async () => {
    const view = await api.read(streamId);
    return view.live ? undefined : view;
  });
  const view = last ?? (await api.read(streamId));
  const hopSeconds = (clock.now() - startedAt) / 1_000;
  const items = await probe.items(streamId, startedAt);
  const onlyStream = !views.some(({ streamId: id, live }) => live && id !== streamId);
  const waitingForProcessor = during("waiting for the processor");
  const stored = items.length;
  const processing = await processedEvents(probe, clock, startedAt, { stored, onlyStream }, waitingForProcessor);
  const alarms = await probe.alarms();
  const poison = options.poison
    ? await poisonCheck(probe.poison, streamId, clock, during("waiting for an event that cannot be processed"))
    : undefined;
  const { idleSeconds } = options;
  const idle =
    idleSeconds === undefined
      ? undefined
      : await callAfter(idleSeconds, () => api.read(streamId), clock, during("waiting without a call of the API"));

  const checks = evaluateChecks({
    unsignedStatus: await probe.unsignedStatus(),
    items,
    generations: { first: first.generation, last: view.generation },
    handover,
    handovers: (view.handover?.count ?? 0) - (first.handover?.count ?? 0),
    hops,
    newChains: options.newChains,
    counted: difference(view.counters, before?.counters ?? ZERO_COUNTERS),
    onlyStream,
    processing,
    alarms,
    stopped: last !== undefined,
    idle,
    poison,
    ...(options.numberedAt !== undefined && { numbering: numberingOf(items, options.numberedAt) }),
    ...(options.secondConnection !== undefined &&
      observed !== undefined && {
        secondConnection: observedEventsCheck(observed, items, options.secondConnection.identity),
      }),
  });
  const usage = {
    hopSeconds,
    relayMemorySize: options.relayMemorySize,
    invocations: 2 + (hops?.seen ?? 0) + items.length / 10,
    writes: 2 * items.length + hopSeconds,
  };
  return { checks, ...proofOf(checks), seconds: (clock.now() - startedAt) / 1_000, cost: costOf(usage) };
}

async function callAfter(
  seconds: number,
  call: () => Promise<unknown>,
  clock: Clock,
  waiting: Waiting,
): Promise<Observation["idle"]> {
  await pause(clock, { ...waiting, timeoutMs: seconds * 1_000 });
  return call().then(
    () => ({ seconds }),
    ({ message }: Error) => ({ seconds, error: message }),
  );
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
