import { type Counters, type IdentitySettings, ZERO_COUNTERS } from "../../runtime/contract";
import type { ConnectionView } from "../../runtime/control/api/view";
import type { Clock } from "../../runtime/support/clock";
import type { ConnectionClient } from "../connection-client";
import { CliError } from "../terminal";
import { type Check, judge, type Observation, type SeenItem } from "./checks";
import { costOf } from "./cost";
import { numberingOf } from "./numbering";
import { type Testimony, witnessCheck } from "./observed-events";
import type { Witness } from "./second-connection";
import { LOOK_MS, until, type Waiting } from "./until";

/** What an acceptance check needs of a deployment. One implementation, for AWS and for the local stack alike. */
export interface Probe {
  readonly api: ConnectionClient;
  /** Status of a call without a signature. */
  unsignedStatus(): Promise<number>;
  /** Items of a stream that were received from then on. */
  items(streamId: string, since: number): Promise<SeenItem[]>;
  /** Asks the owner of a stream to hand over, as the watchdog does after a deploy. */
  askHandover(streamId: string): Promise<void>;
  /** What the processor reported from then on; `undefined`: its log cannot be read. */
  processing(since: number): Promise<Observation["processing"]>;
  /** Alarms that ring; `undefined`: alarms cannot be read. */
  ringing(): Promise<readonly string[] | undefined>;
}

export interface VerifyOptions {
  /** A stream that upstream serves and that does not run: it is started, handed over and stopped. */
  readonly streamId: string;
  /** Events to see before the hand-over, and again after it. */
  readonly events: number;
  /** How long each step may take. */
  readonly patienceMs: number;
  /** JSON pointer to a number that upstream raises by one with every event of the stream. */
  readonly numberedAt?: string;
  /** A second connection to upstream, opened once the stream runs, and what makes two events one. */
  readonly witness?: { readonly open: () => Witness; readonly identity: IdentitySettings };
  /** Aborted: the stream is stopped and the run rejects. */
  readonly signal?: AbortSignal;
  readonly relayMemorySize: number;
  readonly onStep: (sentence: string) => void;
}

export interface Verdict {
  readonly checks: readonly Check[];
  readonly seconds: number;
  /** Dollars, estimated. */
  readonly cost: number;
}

/** Two looks at the processor's log that differ this little apart are not the end of it. */
const QUIET_LOOKS = 3;

/** Runs the check. The stream is stopped whatever happens. Rejects with {@link CliError} when it cannot begin. */
export async function runVerify(probe: Probe, clock: Clock, options: VerifyOptions): Promise<Verdict> {
  const { streamId, onStep } = options;
  const { api } = probe;
  const views = await allViews(api);
  const before = views.find((view) => view.streamId === streamId);
  if (before !== undefined && (before.live || before.desired === "open")) {
    throw new CliError(
      `Expected a stream that does not run, but "${streamId}" does (${before.status}). Name another with --stream, or stop it first.`,
      "STREAM_RUNS",
    );
  }
  const began = clock.now();
  const look = () => api.read(streamId);
  const step = <T>(sentence: string, seen: () => Promise<T | undefined>) => {
    onStep(sentence);
    return until(clock, options, seen);
  };
  let witness: Witness | undefined;
  let testimony: Testimony | undefined;
  let handover: Observation["handover"];
  let first = 0;
  try {
    await api.start(streamId, false);
    let from = before;
    if (options.witness !== undefined) {
      // Not before the relay is there: what only the witness can have seen would tell nothing.
      await step("waiting for the stream to open", async () => stopsWaiting(await look(), before, 1));
      onStep("opening a second connection");
      witness = options.witness.open();
      await witness.opened;
      from = await look();
    }
    await step("waiting for events", async () => stopsWaiting(await look(), from, options.events));
    first = (await look()).generation;
    onStep("asking for a hand-over");
    const asked = clock.now();
    await probe.askHandover(streamId);
    const after = await step("waiting for the hand-over", async () => {
      const view = await look();
      return view.generation > first && view.live && view.status === "open" ? view : undefined;
    });
    if (after !== undefined) {
      handover = { seconds: Math.round((clock.now() - asked) / 1_000), ...measured(after) };
      await step("waiting for events after it", async () => stopsWaiting(await look(), after, options.events));
    }
  } finally {
    testimony = await witness?.leave();
    // The relay is given time to read what the witness saw last.
    if (testimony !== undefined) await clock.sleep(LOOK_MS);
    await api.stop(streamId);
  }
  const last = await step("waiting for the stream to stop", async () => {
    const view = await look();
    return view.live ? undefined : view;
  });
  const view = last ?? (await look());
  const hopSeconds = (clock.now() - began) / 1_000;
  const items = await probe.items(streamId, began);
  onStep("waiting for the processor");
  const processing = await settled(probe, clock, began, items.length, options);

  const checks = judge({
    unsignedStatus: await probe.unsignedStatus(),
    items,
    generations: { first, last: view.generation },
    handover,
    counted: difference(view.counters, before?.counters ?? ZERO_COUNTERS),
    alone: !views.some(({ streamId: id, live }) => live && id !== streamId),
    processing,
    ringing: await probe.ringing(),
    stopped: last !== undefined,
    ...(options.numberedAt !== undefined && { numbering: numberingOf(items, options.numberedAt) }),
    ...(options.witness !== undefined &&
      testimony !== undefined && { witnessed: witnessCheck(testimony, items, options.witness.identity) }),
  });
  const usage = {
    hopSeconds,
    relayMemorySize: options.relayMemorySize,
    invocations: 2 + items.length / 10,
    writes: 2 * items.length + hopSeconds,
  };
  return { checks, seconds: (clock.now() - began) / 1_000, cost: costOf(usage) };
}

/** Enough events, or a stream that will bring none. */
function stopsWaiting(view: ConnectionView, before: ConnectionView | undefined, events: number): true | undefined {
  const stored = view.counters.stored - (before?.counters.stored ?? 0);
  return stored >= events || view.status === "failed" || view.status === "completed" ? true : undefined;
}

function measured({ handover }: ConnectionView): { mode?: string; gapMs?: number } {
  return { mode: handover?.mode, gapMs: handover?.lastGapMs };
}

/** What the processor handled, once it has caught up and stands still: an event processed twice comes after the first time. */
async function settled(
  probe: Probe,
  clock: Clock,
  since: number,
  expected: number,
  waiting: Waiting,
): Promise<Observation["processing"]> {
  let quiet = 0;
  let before = -1;
  let seen: Observation["processing"];
  await until(clock, waiting, async () => {
    seen = await probe.processing(since);
    if (seen === undefined) return true;
    const all = seen.processed + seen.failures;
    quiet = all === before && all >= expected ? quiet + 1 : 0;
    before = all;
    return quiet >= QUIET_LOOKS ? true : undefined;
  });
  return seen;
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
