import { type Counters, STATUS, type Status, ZERO_COUNTERS } from "../../contract";
import type { RelayOutcome, RelaySnapshot } from "../../relay-port";
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
} from "./lease";
import { HOP_EVENT } from "./log-events";
import type { RelayRunner } from "./relay-runner";
import type { Command, ExitPlan, HopContext, HopEvent, Lease } from "./state";

/** How long break stays the mode after a refusal. Then overlap is tried again: a single 429 is not permanent. */
const REMEMBER_BREAK_MS = 24 * 60 * 60 * 1000;

/** A command that writes the stream's row. */
export type WriteCommand = Exclude<Command, { kind: "read" | "invoke" }>;

/** Executes the commands of the state machine, one at a time, and keeps track of the counters that the table already has. */
export function commandRunner(
  streamId: string,
  context: () => HopContext,
  deps: StreamDeps,
  relay: RelayRunner,
): (command: Command) => Promise<HopEvent> {
  const { table, invokeStream } = deps;
  const logger = deps.logger.with({ streamId });
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
    const prepared = prepareChange(command, context(), { snapshot, reported, closedAt: relay.closedAt() });
    const counts = prepared.change.add !== undefined && command.kind !== "acquire";
    if (counts) uncertain = { change: prepared.change, reported: snapshot.counters };
    const written = await write(table, streamId, prepared.change);
    if (counts && written.applied) reported = snapshot.counters;
    if (written.applied || !written.uncertain) uncertain = undefined;
    if (written.applied) report(command, prepared, written.row.generation);
    return { kind: "response", to: command, written };
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
    case "acquire": {
      const snapshot = command.claimed === undefined ? undefined : relay.snapshot;
      const expiresAt = now + timing.leaseMs;
      return {
        change: acquire({ nonce, now, expiresAt, release: context.release, claimed: command.claimed, relay: snapshot }),
      };
    }
    case "renew": {
      const { lease, status = statusOf(relay.snapshot) } = command;
      const expiresAt = Math.max(now + timing.leaseMs, (lease.row.expiresAt ?? 0) + 1);
      const { report, measured } = reportOf(lease, status, relay);
      return { change: renew({ ...held(lease, context), expiresAt }, report), measured };
    }
    case "release":
      return releaseChange(command.plan, context, relay);
    case "add-final-counters":
      return finalCountersChange(command.plan, context, relay);
    case "refuse":
      return { change: refuse({ nonce, status: command.status, retryAt: command.retryAt }) };
    case "release-claim":
      return { change: releaseClaim({ nonce, lateHead: relay.snapshot.history.lateHead }) };
  }
}

function releaseChange(
  plan: Extract<ExitPlan, { kind: "release" }>,
  context: HopContext,
  relay: RelayReport,
): PreparedChange {
  const { lease, outcome } = plan;
  const seen = lease.row.desiredVersion;
  const { report, measured } = reportOf(lease, plan.status, withOutcome(relay, outcome));
  const handoverMode = { mode: "break", until: context.now + REMEMBER_BREAK_MS } as const;
  const change = release(
    { ...held(lease, context), desiredVersion: seen },
    { ...report, ...(plan.rememberBreak && { handoverMode }) },
    {
      writeCheckpoint: seen === lease.desiredVersion || lease.row.desired === "closed",
      disconnectedAt: plan.measureGap ? (relay.closedAt ?? context.now) : undefined,
      retryAt: outcome?.kind === "waiting" || outcome?.kind === "refused" ? outcome.retryAt : plan.retryAt,
    },
  );
  return { change, measured };
}

function finalCountersChange(
  { lease, successor, reason }: Extract<ExitPlan, { kind: "add-final-counters" }>,
  context: HopContext,
  relay: RelayReport,
): PreparedChange {
  const sinceReport = countedSince(relay.reported, relay.snapshot.counters);
  const counted = successor.handedOverFrom === lease.generation ? sinceReport : inFlightWasUnknown(sinceReport);
  const final = { nonce: context.nonce, successor: successor.generation, counted };
  if (reason !== "handed-over") return { change: addFinalCounters(final) };
  const measured = measuredByPredecessor(relay.snapshot, successor, relay.closedAt ?? context.now);
  const handover = addHandover(successor.handover, measured);
  return { change: addFinalCounters({ ...final, handover }), measured };
}

/** The successor acquired a free lease and moved our events in flight to `unknown`. They are settled now: take them from there. */
function inFlightWasUnknown(counted: Counters): Counters {
  return { ...counted, inFlight: 0, unknown: counted.unknown + counted.inFlight };
}

/** Adds the handover gap to the report when the predecessor disconnected first and the gap is known. */
function reportOf(
  lease: Lease,
  status: Status,
  { snapshot, reported }: RelayReport,
): { report: Report; measured?: HandoverMeasurement } {
  const measured = measuredBySuccessor(lease.row, snapshot);
  const handover = measured && addHandover(lease.row.handover, measured);
  const counted = countedSince(reported, snapshot.counters);
  return { report: { status, relay: snapshot, counted, handover }, measured };
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
