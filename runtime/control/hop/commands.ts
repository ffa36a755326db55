import { type ConnectionRow, type Counters, STATUS, type Status, ZERO_COUNTERS } from "../../contract";
import type { RelayOutcome, RelaySnapshot } from "../../relay-port";
import { returnSlot, takeSlot } from "../table/connection-slots";
import { toConnectionRow, write } from "../table/connection-table";
import type { RowChange } from "../table/row-change";
import type { StreamDeps } from "./deps";
import { addHandover, type HandoverMeasurement, measuredByPredecessor, measuredBySuccessor } from "./handover";
import {
  acquire,
  addFinalCounters,
  claim,
  type Held,
  type Report,
  refuse,
  release,
  releaseClaim,
  renew,
  useSlices,
  waitForRelease,
} from "./lease";
import { capacityOf, loadMeter } from "./load";
import { HOP_EVENT } from "./log-events";
import type { RelayRunner } from "./relay-runner";
import { type Command, type ExitPlan, type HopContext, type HopEvent, isOwner, type Lease } from "./state";

/** Memory of a connection manager whose size is not known, in MB. */
const DEFAULT_MB = 256;

/** A command that writes the stream's row. */
export type WriteCommand = Exclude<Command, { kind: "read" | "invoke" | "take-slot" | "return-slot" }>;

/** Executes the commands of the state machine, one at a time, and keeps track of the counters that the table already has. */
export function commandRunner(
  streamId: string,
  context: () => HopContext,
  deps: StreamDeps,
  relay: RelayRunner,
): (command: Command) => Promise<HopEvent> {
  const { table, invokeStream } = deps;
  const logger = deps.logger.with({ streamId });
  const loadOf = loadMeter(deps.capacity ?? capacityOf(DEFAULT_MB), deps.clock.now());
  let reported = ZERO_COUNTERS;
  let uncertain: { change: RowChange; reported: Counters } | undefined;

  /** Reads the result of an uncertain write before the next write, so that no counts are added twice. */
  const settle = async () => {
    if (!uncertain) return;
    const row = await table.read(streamId);
    if (row && uncertain.change.wasAppliedTo(row)) reported = uncertain.reported;
    uncertain = undefined;
  };

  const change = async (command: WriteCommand): Promise<HopEvent> => {
    await settle();
    const snapshot = relay.snapshot();
    const load = loadOf(snapshot.counters, deps.clock.now());
    const prepared = prepareChange(command, context(), { snapshot, reported, load, closedAt: relay.closedAt() });
    if (command.kind === "renew") {
      const seen = await unchanged(command.lease, prepared.change, context());
      if (seen) return { kind: "response", to: command, written: { applied: true, row: seen } };
    }
    const counts = prepared.change.add !== undefined && command.kind !== "acquire";
    if (counts) uncertain = { change: prepared.change, reported: snapshot.counters };
    const written = await write(table, streamId, prepared.change);
    if (counts && written.applied) reported = snapshot.counters;
    if (written.applied || !written.uncertain) uncertain = undefined;
    if (written.applied && written.row.beatUntil !== undefined)
      deps.beat?.beaten(written.row.beatUntil - context().timing.leaseMarginMs);
    if (written.applied) report(command, prepared, written.row.generation);
    return { kind: "response", to: command, written };
  };

  /** A stream of a shared hop that has nothing to report reads its row instead of writing it. Undefined: write. */
  const unchanged = async (lease: Lease, renewal: RowChange, { now, timing, sharing, carriesBeat }: HopContext) => {
    if (!sharing || carriesBeat || reportsNews(renewal, lease.row)) return undefined;
    const stored = await table.read(streamId, { consistent: false });
    const row = stored && toConnectionRow(stored);
    const mine = row && isOwner(row, lease, context());
    const lasts = (row?.expiresAt ?? 0) - now > timing.sharedLeaseMs - timing.quietRenewMs;
    return mine && lasts ? row : undefined;
  };

  const takeSlotFor = async (row: ConnectionRow): Promise<HopEvent> => {
    const { nonce, now, timing, maxConnections = Number.POSITIVE_INFINITY } = context();
    // When the claim is used late, the predecessor may read for one more lease.
    const until = now + timing.claimMs + timing.leaseMs;
    const taken = await takeSlot(table, { nonce, now, until, maxConnections });
    if (!taken) {
      logger.log("info", "Every connection is in use: handing over by break", {
        event: HOP_EVENT.noSlot,
        maxConnections,
      });
    }
    return { kind: "slot", taken, row };
  };

  const report = (command: Command, { measured }: PreparedChange, generation: number) => {
    if (command.kind === "claim") logger.log("info", "Claimed the stream", { event: HOP_EVENT.claimed, generation });
    if (command.kind === "acquire") logger.log("info", "Acquired the lease", { event: HOP_EVENT.acquired, generation });
    if (!measured) return;
    logger.log("info", "Handed over", { event: HOP_EVENT.handover, generation, ...measured });
    deps.onHandover?.(measured);
  };

  return async (command) => {
    try {
      if (command.kind === "read") {
        const row = await table.read(streamId);
        return { kind: "response", to: command, written: { applied: false, row: row && toConnectionRow(row) } };
      }
      if (command.kind === "take-slot") return await takeSlotFor(command.row);
      if (command.kind === "return-slot") {
        await returnSlot(table, context().nonce);
        return { kind: "slot-returned" };
      }
      if (command.kind !== "invoke") return await change(command);
      const { generation } = command;
      await invokeStream({ streamId, ...(generation !== undefined && { generation }) });
      logger.log("info", "Invoked a successor", { event: HOP_EVENT.invoked, generation });
      return { kind: "invoked" };
    } catch (error) {
      logger.log("warn", "No response from the connection table or Lambda", {
        event: HOP_EVENT.noResponse,
        command: command.kind,
        error,
      });
      return { kind: "no-response", to: command };
    }
  };
}

/** The relay's state, and the counters that the table already has. */
export interface RelayReport {
  readonly snapshot: RelaySnapshot;
  readonly reported: Counters;
  /** Share of a hop that the stream used lately. */
  readonly load?: number;
  readonly closedAt?: number;
}

export interface PreparedChange {
  readonly change: RowChange;
  /** Set when this change completes a handover. */
  readonly measured?: HandoverMeasurement;
}

/** Returns the conditional change for a command. Pure. */
export function prepareChange(command: WriteCommand, context: HopContext, relay: RelayReport): PreparedChange {
  const { nonce, now, timing } = context;
  switch (command.kind) {
    case "claim":
      return { change: claim({ nonce, generation: command.generation, now, until: now + timing.claimMs }) };
    case "wait-for-release": {
      const { generation, refusal } = command;
      return { change: waitForRelease({ nonce, generation, until: now + timing.claimMs, refusal }) };
    }
    case "acquire": {
      const { claimed, waited } = command;
      const connected = claimed !== undefined && !waited;
      const { release, storage, slices, handoverAt, enteredAt, deadlineAt } = context;
      const hop = { id: context.hop, handoverAt, ms: deadlineAt - enteredAt };
      const { expiresAt, beatUntil } = leaseFrom(context);
      return {
        change: acquire({
          ...{ beatUntil, nonce, now, expiresAt, release, hop, claimed, waited, storage, slices },
          predecessorUntil: now + timing.leaseMs,
          relay: connected ? relay.snapshot : undefined,
        }),
      };
    }
    case "renew": {
      const { lease, status = statusOf(relay.snapshot) } = command;
      const { beatUntil, ...until } = leaseFrom(context);
      const expiresAt = Math.max(until.expiresAt, (lease.row.expiresAt ?? 0) + 1);
      const { report, measured } = reportOf(lease, status, relay);
      const connectAt = lease.changingSlices ? hasLeftBy(lease, context) : undefined;
      return { change: renew({ ...held(lease, context), expiresAt, beatUntil, connectAt }, report), measured };
    }
    case "use-slices": {
      const { lease } = command;
      const connectAt = hasLeftBy(lease, context);
      return { change: useSlices({ ...held(lease, context), now, slices: context.slices, connectAt }) };
    }
    case "release":
      return releaseChange(command.plan, context, relay);
    case "add-final-counters":
      return finalCountersChange(command.plan, context, relay);
    case "refuse":
      return { change: refuse({ nonce, ...command.refusal }) };
    case "release-claim":
      return { change: releaseClaim({ nonce, lateHead: relay.snapshot.history.lateHead }) };
  }
}

/** An owner whose lease ended has stored what it had read. */
const hasLeftBy = (lease: Lease, { timing }: HopContext) => lease.until + timing.leaseMarginMs + timing.leaseMs;

/** A lease from now on. In a hop that may carry several streams, it is long, and the hop's beat is short. */
function leaseFrom({ now, timing, sharing, carriesBeat }: HopContext) {
  const beatUntil = sharing && carriesBeat ? now + timing.leaseMs : undefined;
  return { expiresAt: now + (sharing ? timing.sharedLeaseMs : timing.leaseMs), beatUntil };
}

function releaseChange(
  plan: Extract<ExitPlan, { kind: "release" }>,
  context: HopContext,
  relay: RelayReport,
): PreparedChange {
  const { lease, outcome } = plan;
  const seen = lease.row.desiredVersion;
  const { report, measured } = reportOf(lease, plan.status, withOutcome(relay, outcome));
  const change = release({ ...held(lease, context), desiredVersion: seen }, report, {
    writeCheckpoint: seen === lease.desiredVersion || lease.row.desired === "closed",
    disconnectedAt: plan.measureGap ? (relay.closedAt ?? context.now) : undefined,
    retryAt: outcome?.kind === "waiting" || outcome?.kind === "refused" ? outcome.retryAt : plan.retryAt,
  });
  return { change, measured };
}

function finalCountersChange(
  { lease, successor, reason }: Extract<ExitPlan, { kind: "add-final-counters" }>,
  context: HopContext,
  relay: RelayReport,
): PreparedChange {
  const counted = inFlightWasUnknown(countedSince(relay.reported, relay.snapshot.counters));
  const isNext = successor.generation === lease.generation + 1;
  // Writes that were given up may still be applied.
  const left = isNext && relay.snapshot.counters.abandoned === 0 ? lease.generation : undefined;
  const final = { nonce: context.nonce, successor: successor.generation, counted, left };
  if (reason !== "handed-over" || !isNext) return { change: addFinalCounters(final) };
  const measured = measuredByPredecessor(relay.snapshot, successor, relay.closedAt ?? context.now);
  const handover = addHandover(successor.handover, measured);
  return { change: addFinalCounters({ ...final, handover }), measured };
}

/** The successor moved our events in flight to `unknown` when it acquired. They are settled now: take them from there. */
function inFlightWasUnknown(counted: Counters): Counters {
  return { ...counted, inFlight: 0, unknown: counted.unknown + counted.inFlight };
}

/** Adds the handover gap to the report when the predecessor disconnected first and the gap is known. */
function reportOf(
  lease: Lease,
  status: Status,
  { snapshot, reported, load }: RelayReport,
): { report: Report; measured?: HandoverMeasurement } {
  const measured = measuredBySuccessor(lease.row, snapshot);
  const handover = measured && addHandover(lease.row.handover, measured);
  const counted = countedSince(reported, snapshot.counters);
  return { report: { status, relay: snapshot, counted, load, handover }, measured };
}

/** Attributes that change all the time. */
const ROUTINE = new Set(["expiresAt", "lastByteAt", "load", "counters.bytes"]);

/** Whether a renewal would write more than the time. */
function reportsNews({ set, add = {} }: RowChange, row: ConnectionRow): boolean {
  if (Object.keys(add).some((path) => !ROUTINE.has(path))) return true;
  const before: Partial<Record<string, unknown>> = { ...row };
  return Object.entries(set).some(
    ([name, value]) => !ROUTINE.has(name) && JSON.stringify(value) !== JSON.stringify(before[name]),
  );
}

/** Adds the outcome of the relay, which is newer than its snapshot. */
function withOutcome(relay: RelayReport, outcome: RelayOutcome | undefined): RelayReport {
  const snapshot = {
    ...relay.snapshot,
    ...(outcome && "error" in outcome && { lastError: outcome.error }),
    ...(outcome?.kind === "waiting" && { attempt: outcome.attempt }),
  };
  return { ...relay, snapshot };
}

/** Returns the difference of two snapshots of the counters. */
export function countedSince(before: Counters, now: Counters): Counters {
  const names = Object.keys(ZERO_COUNTERS) as (keyof Counters)[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as unknown as Counters;
}

function held(lease: Lease, { nonce }: HopContext): Held {
  return { nonce, generation: lease.generation, desiredVersion: lease.desiredVersion };
}

function statusOf({ connectedSince, retryAt }: RelaySnapshot): Status {
  if (connectedSince !== undefined) return STATUS.open;
  return retryAt === undefined ? STATUS.starting : STATUS.waiting;
}
