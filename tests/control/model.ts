import { type ConnectionRow, type HopStream, type Storage, ZERO_COUNTERS } from "../../runtime/contract";
import { prepareChange } from "../../runtime/control/hop/commands";
import {
  begin,
  type Command,
  type Effect,
  type HopContext,
  type HopEvent,
  type StreamState,
  wakeAt,
} from "../../runtime/control/hop/state";
import { storageWindow } from "../../runtime/control/hop/storage-window";
import type { HopTiming } from "../../runtime/control/hop/timing";
import { transition } from "../../runtime/control/hop/transition";
import { close, open } from "../../runtime/control/streams/desired-state";
import { toConnectionRow, type WriteResult } from "../../runtime/control/table/connection-table";
import type { RowChange, StoredRow } from "../../runtime/control/table/row-change";
import { watchdogChange } from "../../runtime/control/watchdog/changes";
import { type Decision, decide } from "../../runtime/control/watchdog/decision";
import { lostHops } from "../../runtime/control/watchdog/lost-hops";
import type { RelaySnapshot } from "../../runtime/relay-port";
import { applyChange } from "./memory-table";

/**
 * The protocol as a finite system: the state machine, conditions and watchdog that run in Lambda, with a scheduler that may run
 * the next step of any process, in any order. Time is a counter. It advances only when no process has a step due, so a pause
 * (SIGSTOP) is a separate fault. `successors` returns every state that one step can reach.
 */
const TIMES: HopTiming = {
  leadMs: 5,
  reinvokeMs: [3],
  stopReadingMs: 2,
  releaseMs: 1,
  watchdogMs: 2,
  claimMs: 3,
  subscribeGraceMs: 1,
  lingerMs: 1,
  renewMs: 2,
  renewHandingOverMs: 1,
  leaseMs: 5,
  leaseMarginMs: 1,
  shortestHopMs: 6,
  spreadMs: 0,
  phaseMs: 0,
  watchMs: 1,
  sharedLeaseMs: 5,
  quietRenewMs: 2,
  requestMs: 1,
  retryMs: 1,
};
/** Where hops are lost, a stream's lease is longer than the beat of its hop. */
const SHARED: HopTiming = { ...TIMES, sharedLeaseMs: 9 };
const HOP = 11;
const ROW_SLICES = 1;
/** Where hops change the number of partition keys, they do it before their handover. */
const SLICED_HOP = 16;
const RELEASE = "r";

export interface Hop {
  readonly nonce: string;
  readonly enteredAt: number;
  readonly state: StreamState;
  readonly pending?: { readonly of: Command; readonly change?: RowChange; readonly at: number };
  readonly events: readonly HopEvent[];
  readonly relay: "none" | "connecting" | "flowing" | "dropped" | "draining" | "gone";
  readonly drainSince?: number;
  readonly checkpoint: number;
  readonly connectedSince?: number;
  readonly firstByteAt?: number;
  readonly paused: boolean;
  readonly storage: Storage;
  /** Number of partition keys that it uses. Undefined: it has not read one yet. */
  readonly slices?: number;
  /** Position that it connected with. */
  readonly from: number;
  /** What was stored when it read back, and up to where its events are settled. Undefined: it has not read back yet. */
  readonly seam?: { readonly known: readonly number[]; readonly done: number };
  /** The last hop that the search allows gets a far deadline: its handover would show nothing new. */
  readonly last: boolean;
}

export interface Faults {
  /** Hops that crash. */
  readonly crashes: number;
  /** Hops that are paused for any time, then resumed. */
  readonly pauses: number;
  /** Table writes without a response, applied or not. */
  readonly lostResponses: number;
  /** Invocations that are delivered twice. */
  readonly duplicateInvokes: number;
  /** Invocations that are never delivered. */
  readonly lostInvokes: number;
  /** Connections that the upstream closes. */
  readonly drops: number;
  readonly stops: number;
  readonly starts: number;
  /** Runs of the watchdog. */
  readonly watchdogs: number;
  /** Hops in all. */
  readonly hops: number;
  /** Headers may come before the first byte. */
  readonly headers: boolean;
  /** Events that the upstream sends. */
  readonly events: number;
  /** Invocations of a hop that nobody but the watchdog expects: it moves the stream. */
  readonly merges: number;
  /** Hops that crashed or are paused, and that the watchdog finds lost before the streams' leases end. */
  readonly losses: number;
  /**
   * How each hop stores, in order; the last one is for all later hops. Copies of single events have the same key, but a pack with an
   * event that is stored already, or the other way round, is a violation. Absent: single events, which are stored at once.
   */
  readonly storage?: readonly Storage[];
  /**
   * `events.slices` of all hops, of a stream whose row has {@link ROW_SLICES}. Hops that may store at the same time must use one number of
   * partition keys. Absent: both are 1.
   */
  readonly slices?: number;
}

/** No faults and no requests. */
export const NO_FAULTS: Faults = {
  crashes: 0,
  pauses: 0,
  lostResponses: 0,
  duplicateInvokes: 0,
  lostInvokes: 0,
  drops: 0,
  stops: 0,
  starts: 0,
  watchdogs: 0,
  hops: 2,
  headers: false,
  events: 0,
  merges: 0,
  losses: 0,
};

/** `single`: a second connection is refused. `newest`: a second connection ends the first. */
export type Upstream = "any" | "single" | "newest";

export interface Model {
  readonly now: number;
  readonly row?: StoredRow;
  readonly hops: readonly Hop[];
  readonly invoked: readonly HopStream[];
  readonly watchdog?: { readonly row: ConnectionRow; readonly decision: Decision; readonly at: number };
  readonly stored: readonly number[];
  /** Those of them that are in packs. */
  readonly inPacks: readonly number[];
  /** Writes that have started and may be applied until their request ends, also after their hop has crashed. */
  readonly packs: readonly Pack[];
  readonly left: Faults;
  readonly upstream: Upstream;
  /** Every hop is the last one of its chain, and the watchdog invokes its successor. */
  readonly endsChains: boolean;
  /** The leases of streams are longer than the beat of their hop. */
  readonly longLeases: boolean;
  /** generation → nonce that acquired it. */
  readonly owners: Readonly<Record<number, string>>;
  readonly violation?: string;
  readonly names: number;
}

/** A write of events in one pack, or of single events: those after `after`, up to `to`. */
export interface Pack {
  readonly hop: number;
  readonly after: number;
  readonly to: number;
  readonly until: number;
}

export interface Move {
  readonly name: string;
  readonly to: Model;
}

/** How the upstream and the deployment are. */
export type Circumstances = Pick<Model, "upstream" | "endsChains">;

/** Time of the first handover. */
export const firstHandover = ({ endsChains, left }: Model): number =>
  hopLength(left) - TIMES.leadMs - (endsChains ? TIMES.watchdogMs : 0);

const hopLength = ({ slices }: Faults) => (slices ? SLICED_HOP : HOP);

/** Modifies a change before it is applied. Tests use it to seed a bug. */
export type Mutation = (change: RowChange) => RowChange;

export function initial(faults: Faults, circumstances: Circumstances): Model {
  const start = open(undefined, { nonce: "start", now: 0, resume: true });
  return {
    now: 0,
    row: applyChange(undefined, "s", faults.slices ? { ...start, set: { ...start.set, slices: ROW_SLICES } } : start),
    hops: [],
    invoked: [{ streamId: "s" }],
    stored: [],
    inPacks: [],
    packs: [],
    left: faults,
    ...circumstances,
    longLeases: faults.losses > 0,
    owners: {},
    names: 1,
  };
}

export function successors(model: Model, mutate: Mutation = (change) => change): Move[] {
  const moves: Move[] = [];
  const move = (name: string, to: Model) => moves.push({ name, to });
  const { left } = model;

  model.invoked.forEach((stream, i) => {
    const rest = model.invoked.filter((_, at) => at !== i);
    const delivered = withHop({ ...model, invoked: rest }, stream, mutate);
    if (model.hops.length < left.hops) {
      move("deliver", delivered);
      if (left.duplicateInvokes > 0)
        move("deliver twice", spend({ ...delivered, invoked: model.invoked }, "duplicateInvokes"));
    }
    if (left.lostInvokes > 0) move("lose the invocation", spend({ ...model, invoked: rest }, "lostInvokes"));
  });

  model.hops.forEach((hop, i) => {
    if (hop.state.phase === "left") return;
    const go = (name: string, to: Model) => move(`${hop.nonce} ${name}`, to);
    if (hop.paused) {
      go("resumes", setHop(model, i, { ...hop, paused: false }));
      return;
    }
    for (const [name, to] of hopMoves(model, i, hop, mutate)) go(name, to);
    if (left.crashes > 0) go("crashes", spend(removeHop(model, i), "crashes"));
    if (left.pauses > 0) go("is paused", spend(setHop(model, i, { ...hop, paused: true }), "pauses"));
  });

  for (const [i, pack] of model.packs.entries()) {
    const packs = model.packs.filter((_, at) => at !== i);
    move("a write is applied", applied({ ...model, packs }, pack));
    move("a write is lost", { ...model, packs });
  }
  for (const [name, to] of outsideMoves(model, mutate)) move(name, to);
  if (mayWait(model)) move("time", expire({ ...model, now: model.now + 1 }));
  return moves;
}

function hopMoves(model: Model, i: number, hop: Hop, mutate: Mutation): [string, Model][] {
  const moves: [string, Model][] = [];
  const deliver = (name: string, event: HopEvent, change: Partial<Hop> = {}, base = model) =>
    moves.push([name, feed(base, i, event, change, mutate)]);

  if (hop.pending) {
    const { of, change } = hop.pending;
    const responded = { pending: undefined };
    if (of.kind === "invoke") {
      const stream = { streamId: "s", ...(of.generation !== undefined && { generation: of.generation }) };
      deliver("invoked", { kind: "invoked" }, responded, { ...model, invoked: [...model.invoked, stream] });
    } else {
      const { after, written } = execute(model, hop, of, change);
      deliver(of.kind, { kind: "response", to: of, written }, responded, after);
      if (model.left.lostResponses > 0 && change) {
        const none: HopEvent = { kind: "no-response", to: of };
        deliver(`${of.kind}, applied without a response`, none, responded, spend(after, "lostResponses"));
        deliver(`${of.kind}, lost`, none, responded, spend(model, "lostResponses"));
      }
    }
  } else if (wakeOf(model, hop) <= model.now) deliver("tick", { kind: "tick" });

  const at = model.now;
  if (hop.relay === "connecting") {
    const others = model.hops.some((other, o) => o !== i && isConnected(other));
    if (model.upstream === "single" && others && hop.state.phase === "connecting") {
      deliver("is refused", ended({ kind: "refused", status: 429 }), { relay: "gone" });
    } else {
      const flowing = { relay: "flowing", connectedSince: at, firstByteAt: at } as const;
      const base = model.upstream === "newest" ? dropOthers(model, i, mutate) : model;
      deliver("first byte", { kind: "progress", progress: { kind: "first-byte", at } }, flowing, base);
      if (model.left.headers && hop.connectedSince === undefined) {
        deliver("headers", { kind: "progress", progress: { kind: "open", at } }, { connectedSince: at });
      }
    }
  }
  if (model.left.storage) moves.push(...(hop.relay === "gone" ? [] : writeMoves(model, i, hop)));
  else if (hop.relay === "flowing" && hop.checkpoint < model.left.events) {
    const next = hop.checkpoint + 1;
    const stored = [...new Set([...model.stored, next])].sort();
    moves.push(["stores", setHop({ ...model, stored }, i, { ...hop, checkpoint: next })]);
  }
  if (isConnected(hop) && model.left.drops > 0) {
    const dropped = { relay: "dropped", connectedSince: undefined } as const;
    deliver("is dropped", { kind: "dropped" }, dropped, spend(model, "drops"));
  }
  if (hop.relay === "draining" && isDrained(model, i, hop))
    deliver("is drained", ended({ kind: "stopped" }), { relay: "gone" });
  return moves;
}

/**
 * A hop reads events, and starts writes: of packs in its storage window, of single events at any time. Where it or its predecessor
 * stores packs, it reads back what is stored before its first write. The upstream sends all events again that follow the hop's first
 * position, as in a handover or after a resume.
 */
function writeMoves(model: Model, i: number, hop: Hop): [string, Model][] {
  const moves: [string, Model][] = [];
  if (hop.relay === "flowing" && hop.checkpoint < model.left.events)
    moves.push(["reads an event", setHop(model, i, settleKnown({ ...hop, checkpoint: hop.checkpoint + 1 }))]);
  const window = storageWindow(hop.state, contextOf(model, hop));
  const isOpen = typeof window !== "string" && model.now >= window.from;
  if (!hop.seam) {
    if (isOpen) {
      const seam = { known: model.stored, done: hop.from };
      moves.push(["reads back", setHop(model, i, settleKnown({ ...hop, seam }))]);
    }
    return moves;
  }
  const mayWrite = hop.storage === "each" || (isOpen && model.now < window.until);
  if (isWriting(model, i) || !mayWrite || hop.seam.done === hop.checkpoint) return moves;
  const pack = { hop: i, after: hop.seam.done, to: hop.checkpoint, until: model.now + TIMES.requestMs };
  moves.push(["writes", { ...model, packs: [...model.packs, pack] }]);
  return moves;
}

const isWriting = (model: Model, i: number) => model.packs.some(({ hop }) => hop === i);

/** Drops events that were stored at the read-back. */
function settleKnown(hop: Hop): Hop {
  if (!hop.seam) return hop;
  const { known } = hop.seam;
  let { done } = hop.seam;
  while (done < hop.checkpoint && known.includes(done + 1)) done++;
  return { ...hop, seam: { known, done } };
}

/** Whether every event is settled, or none can be any more. */
function isDrained(model: Model, i: number, hop: Hop): boolean {
  if (!model.left.storage) return true;
  const isSettled = !isWriting(model, i) && settledOf(hop) === hop.checkpoint;
  if (hop.storage === "each" && hop.seam) return isSettled;
  const window = storageWindow(hop.state, contextOf(model, hop));
  if (window === "wait") return false;
  if (window === "never" || model.now >= window.until + TIMES.requestMs) return true;
  return isSettled;
}

const settledOf = (hop: Hop) => hop.seam?.done ?? hop.from;

function applied(model: Model, { hop, after, to }: Pack): Model {
  const events = Array.from({ length: to - after }, (_, n) => after + 1 + n);
  const writer = model.hops[hop]!;
  const packed = writer.storage === "packed";
  const twice = events.some((event) => (packed ? model.stored : model.inPacks).includes(event));
  const stored = [...new Set([...model.stored, ...events])].sort();
  const inPacks = packed ? [...new Set([...model.inPacks, ...events])].sort() : model.inPacks;
  const seam = writer.seam && { ...writer.seam, done: to };
  const settled = setHop({ ...model, stored, inPacks }, hop, settleKnown({ ...writer, seam }));
  return twice ? { ...settled, violation: "an event was stored twice" } : settled;
}

function outsideMoves(model: Model, mutate: Mutation): [string, Model][] {
  const { left, row: stored, now, watchdog } = model;
  const row = stored && toConnectionRow(stored);
  if (!row) return [];
  const moves: [string, Model][] = [];
  const desire = (change: RowChange): Model => ({ ...model, row: applyChange(stored, "s", mutate(change)) ?? stored });
  const nonce = `u${model.names}`;
  const named = { names: model.names + 1 };
  if (left.stops > 0 && row.desired === "open") {
    moves.push(["stop", { ...spend(desire(close(row, { nonce, now })), "stops"), ...named }]);
  }
  if (left.starts > 0 && row.desired === "closed") {
    const opened = spend(desire(open(row, { nonce, now, resume: true })), "starts");
    moves.push(["start", { ...opened, ...named, invoked: [...model.invoked, { streamId: "s" }] }]);
  }
  if (left.merges > 0 && row.owner !== undefined && mayMove(row, now)) {
    const moved = { streamId: "s", generation: row.generation };
    moves.push(["merge", spend({ ...model, invoked: [...model.invoked, moved] }, "merges")]);
  }
  if (left.watchdogs > 0 && !watchdog) {
    const decision = decide(row, { now, release: RELEASE, endsChains: model.endsChains });
    if (decision.kind !== "nothing") {
      moves.push(["watchdog reads", spend({ ...model, watchdog: { row, decision, at: now } }, "watchdogs")]);
    }
  }
  const lost = row.hop !== undefined && lostHops([row], now).has(row.hop.id);
  if (left.losses > 0 && !watchdog && lost) {
    const decision = decide(row, { now, release: RELEASE, lost: true });
    if (decision.kind !== "nothing") {
      moves.push(["watchdog finds the hop lost", spend({ ...model, watchdog: { row, decision, at: now } }, "losses")]);
    }
  }
  if (watchdog) moves.push(["watchdog acts", watchdogActs(model, watchdog, mutate)]);
  return moves;
}

function watchdogActs(model: Model, { row, decision, at }: NonNullable<Model["watchdog"]>, mutate: Mutation): Model {
  const nonce = `w${model.names}`;
  const change = watchdogChange(decision, row, { nonce, now: at, release: RELEASE });
  const after = change ? applyChange(model.row, "s", mutate(change)) : model.row;
  const done = { ...model, watchdog: undefined, names: model.names + 1, row: after ?? model.row };
  const later = decision.kind === "mark-closed" || (decision.kind === "revive" && decision.retryAt !== undefined);
  const successor = decision.kind === "invoke-successor" && { generation: decision.generation };
  return after && !later ? { ...done, invoked: [...done.invoked, { streamId: "s", ...successor }] } : done;
}

/** The upstream keeps the newest connection alone. */
function dropOthers(model: Model, newest: number, mutate: Mutation): Model {
  return model.hops.reduce(
    (after, hop, i) =>
      i === newest || hop.relay !== "flowing"
        ? after
        : feed(after, i, { kind: "dropped" }, { relay: "dropped", connectedSince: undefined }, mutate),
    model,
  );
}

/** No stream moves soon after a handover: its predecessor may still read. Two watchdogs may both find that it may move. */
const mayMove = ({ desired, expiresAt = 0, handedOverAt = 0 }: ConnectionRow, now: number) =>
  desired === "open" && expiresAt > now && now >= handedOverAt + TIMES.leaseMs;

/** Starts a hop, which issues its first command. */
function withHop(model: Model, stream: HopStream, mutate: Mutation): Model {
  const hop: Hop = {
    nonce: `h${model.hops.length}`,
    enteredAt: model.now,
    state: begin(stream),
    events: [],
    relay: "none",
    storage: storageOf(model.left, model.hops.length),
    checkpoint: 0,
    from: 0,
    paused: false,
    last: model.hops.length + 1 >= model.left.hops,
  };
  const grown = { ...model, hops: [...model.hops, hop] };
  return feed(grown, grown.hops.length - 1, { kind: "begin" }, {}, mutate);
}

/** Passes an event to a hop: at once, or after the response to its pending command. */
function feed(model: Model, i: number, event: HopEvent, change: Partial<Hop>, mutate: Mutation): Model {
  let hop: Hop = { ...model.hops[i]!, ...change };
  if (hop.pending) return setHop(model, i, { ...hop, events: [...hop.events, event] });
  let next: HopEvent | undefined = event;
  while (next && !hop.pending && hop.state.phase !== "left") {
    const moved = transition(hop.state, next, contextOf(model, hop));
    hop = { ...hop, state: moved.state, slices: slicesIn(moved.state) ?? hop.slices };
    for (const effect of moved.effects ?? []) {
      if (effect.do === "connect") hop = { ...hop, relay: "connecting", ...connectedWith(hop, effect) };
      if (effect.do === "stop-reading" && hop.relay !== "gone") hop = stopReading(hop, model.now);
      if (effect.do === "reconnect" && hop.relay === "dropped") {
        hop = effect.allowed ? { ...hop, relay: "connecting" } : stopReading(hop, model.now);
      }
    }
    if (moved.command) hop = { ...hop, pending: pendingCommand(model, hop, moved.command, mutate) };
    const [first, ...rest] = hop.events;
    next = hop.pending ? undefined : first;
    if (!hop.pending) hop = { ...hop, events: rest };
  }
  if (hop.state.phase === "left") hop = { ...hop, relay: "gone", events: [], pending: undefined };
  return setHop(model, i, hop);
}

/** As in runtime/control/hop/relay-runner.ts: a hop that connects under a claim has read the row of its predecessor. */
function connectedWith(
  { storage, slices, seam }: Hop,
  { row, generation }: Extract<Effect, { do: "connect" }>,
): Partial<Hop> {
  const from = Number(row.checkpoint ?? 0);
  const before = row.generation === generation ? row.predecessorStorage : row.storage;
  const readsBack = storage === "packed" || before === "packed";
  return { checkpoint: from, from, slices: slices ?? row.slices, seam: readsBack ? seam : { known: [], done: from } };
}

/** As in runtime/control/hop/run-stream.ts: an owner uses what the row shows. */
const slicesIn = (state: StreamState) => ("lease" in state ? state.lease.row.slices : undefined);

const storageOf = ({ storage, slices }: Faults, hop: number): Storage =>
  storage === undefined ? (slices ? "each" : "packed") : (storage[hop] ?? storage.at(-1)!);

const stopReading = (hop: Hop, now: number): Hop => ({
  ...hop,
  relay: "draining",
  connectedSince: undefined,
  drainSince: now,
});

function pendingCommand(model: Model, hop: Hop, of: Command, mutate: Mutation): NonNullable<Hop["pending"]> {
  const writes = of.kind !== "invoke" && of.kind !== "read" && of.kind !== "take-slot" && of.kind !== "return-slot";
  if (!writes) return { of, at: model.now };
  const { change } = prepareChange(of, contextOf(model, hop), {
    snapshot: snapshotOf(hop, model.left.storage !== undefined),
    reported: ZERO_COUNTERS,
  });
  return { of, change: mutate(change), at: model.now };
}

/** Executes a command, and checks the invariants of every write. */
function execute(model: Model, hop: Hop, of: Command, change?: RowChange): { after: Model; written: WriteResult } {
  const before = model.row;
  const row = change && applyChange(before, "s", change);
  if (!row) {
    const written: WriteResult = { applied: false, ...(before && { row: toConnectionRow(before) }) };
    return { after: model, written };
  }
  const { generation } = toConnectionRow(row);
  const owners = of.kind === "acquire" ? { ...model.owners, [generation]: hop.nonce } : model.owners;
  const twice = of.kind === "acquire" && (model.owners[generation] ?? hop.nonce) !== hop.nonce;
  const held = "lease" in hop.state ? hop.state.lease.generation : undefined;
  const stale = (of.kind === "renew" || of.kind === "release") && held !== undefined && generation !== held;
  const checkpoint = Number(row.checkpoint ?? 0);
  const unsettled = Array.from({ length: checkpoint }, (_, n) => n + 1).some((n) => !model.stored.includes(n));
  const violation = twice
    ? "two owners with one generation"
    : stale
      ? "an owner wrote under another owner's generation"
      : unsettled
        ? "a checkpoint has an event that is unsettled before it"
        : model.violation;
  return { after: { ...model, row, owners, violation }, written: { applied: true, row: toConnectionRow(row) } };
}

function snapshotOf(hop: Hop, writes: boolean): RelaySnapshot {
  const { connectedSince, firstByteAt } = hop;
  const checkpoint = writes ? settledOf(hop) : hop.checkpoint;
  const abandoned = hop.checkpoint - checkpoint;
  return {
    ...(checkpoint > 0 && { checkpoint: String(checkpoint) }),
    counters: { ...ZERO_COUNTERS, abandoned },
    attempt: 0,
    connectedSince,
    firstByteAt,
    history: {},
    health: {},
  };
}

function contextOf(model: Model, hop: Hop): HopContext {
  return {
    now: model.now,
    nonce: hop.nonce,
    enteredAt: hop.enteredAt,
    deadlineAt: deadlineOf(model, hop),
    timing: model.longLeases ? SHARED : TIMES,
    endsChain: model.endsChains,
    hop: hop.nonce,
    beganAt: hop.enteredAt,
    handoverAt: deadlineOf(model, hop) - TIMES.leadMs - (model.endsChains ? TIMES.watchdogMs : 0),
    phaseMs: 0,
    handoverMs: TIMES.leadMs,
    sharing: true,
    carriesBeat: true,
    hopUntil: hopUntilOf(model, hop),
    handover: "auto",
    release: RELEASE,
    storage: hop.storage,
    slices: model.left.slices ?? ROW_SLICES,
  };
}

/** The end of the beat, by the owner's clock: another hop may take the stream, whatever the time of its lease. */
function hopUntilOf({ longLeases }: Model, { state }: Hop): number {
  if (!longLeases || (state.phase !== "holding" && state.phase !== "handing-over")) return Number.POSITIVE_INFINITY;
  return (state.lease.row.beatUntil ?? Number.POSITIVE_INFINITY) - TIMES.leaseMarginMs;
}

const wakeOf = (model: Model, hop: Hop): number => Math.min(wakeAt(hop.state), hopUntilOf(model, hop));

/** Whether no step is due: timers fire, requests end and drains finish before the time advances. */
function mayWait(model: Model): boolean {
  return (
    model.watchdog === undefined &&
    model.packs.every(({ until }) => until > model.now) &&
    model.hops.every((hop, i) => {
      if (hop.state.phase === "left" || hop.paused) return true;
      if (hop.pending) return hop.pending.at === model.now;
      return (
        wakeOf(model, hop) > model.now &&
        (hop.relay !== "draining" || hop.drainSince === model.now || !isDrained(model, i, hop))
      );
    })
  );
}

/** Effects of the time: reading stops before the deadline, and Lambda ends a hop at its deadline. */
function expire(model: Model): Model {
  let next = model;
  for (const [i, hop] of [...model.hops.entries()].reverse()) {
    const left = deadlineOf(model, hop) - model.now;
    if (left <= 0) next = removeHop(next, i);
    else if (left <= TIMES.stopReadingMs && isConnected(hop)) next = setHop(next, i, stopReading(hop, model.now));
  }
  return next;
}

const deadlineOf = ({ left }: Model, { enteredAt, last }: Hop): number => enteredAt + (last ? 1_000 : hopLength(left));

export function isConnected({ relay }: Hop): boolean {
  return relay === "connecting" || relay === "flowing";
}

const ended = (outcome: Extract<HopEvent, { kind: "ended" }>["outcome"]): HopEvent => ({ kind: "ended", outcome });
const spend = (model: Model, what: Exclude<keyof Faults, "headers" | "storage" | "slices">): Model => ({
  ...model,
  left: { ...model.left, [what]: (model.left[what] as number) - 1 },
});

function setHop(model: Model, i: number, hop: Hop): Model {
  return { ...model, hops: model.hops.map((one, at) => (at === i ? hop : one)) };
}

/** Keeps its place in the list, so that `hops` limits the total number. */
function removeHop(model: Model, i: number): Model {
  const hop = model.hops[i]!;
  if (hop.state.phase === "left") return model;
  return setHop(model, i, {
    ...hop,
    state: { phase: "left", reason: "gone" },
    relay: "gone",
    pending: undefined,
    events: [],
  });
}
