import { type ConnectionRow, STATUS } from "../../contract";
import type { RelayOutcome } from "../../relay-port";
import { isClaimed, type WriteResult } from "../table/connection-table";
import { leave } from "./leaving";
import {
  type HandingOver,
  type Holding,
  type HopContext,
  type HopEvent,
  isOwner,
  type Lease,
  mayChain,
  type Transition,
} from "./state";
import { predecessorWritesUntil } from "./storage-window";

type Owning = Holding | HandingOver;

/** The lease was just acquired. */
export function hold(row: ConnectionRow, context: HopContext, { hasSlot = false } = {}): Transition {
  const lease = renewed(undefined, row, context, context.timing.renewMs);
  return { state: { phase: "holding", lease: { ...lease, hasSlot }, handoverAt: context.handoverAt, early: false } };
}

/** From the lease to the decision to leave. */
export function holdingTransition(state: Owning, event: HopEvent, context: HopContext): Transition {
  switch (event.kind) {
    case "tick":
      return onTick(state, context);
    case "response":
      if (event.to.kind === "read") return afterDrop(state, event.written.row, context);
      if (event.to.kind === "use-slices") return onSlices(state, event.written, context);
      return event.written.applied
        ? onRenewed(state, event.written.row, context)
        : onLost(state, event.written, context);
    case "no-response":
      if (event.to.kind === "read") return afterDrop(state, state.lease.row, context);
      // A failed invocation is repeated at the next planned time.
      if (event.to.kind === "invoke") return { state };
      return retryRenew(state, context);
    case "progress":
      // Renew now: the row shows the open stream at once, and a crash loses nothing after the first checkpoint.
      if (!["open", "first-byte", "checkpoint"].includes(event.progress.kind)) return { state };
      return { state: withLease(state, { ...state.lease, renewAt: context.now }) };
    case "dropped":
      if (state.phase === "handing-over" || context.sharing) return { state, command: { kind: "read" } };
      return { state, effects: [{ do: "reconnect", allowed: context.now < state.lease.until }] };
    case "ended":
      return onEnded(state, event.outcome, context);
    case "carry-beat":
      return { state: withLease(state, { ...state.lease, renewAt: context.now }) };
    case "early-handover":
      return state.phase === "holding" ? { state: withEarlyHandover(state, event.at) } : { state };
    default:
      return { state };
  }
}

function onTick(state: Owning, context: HopContext): Transition {
  const { lease } = state;
  if (context.now >= Math.min(lease.until, context.hopUntil)) {
    return leave({
      kind: "release",
      lease,
      status: STATUS.starting,
      invoke: "guarded",
      reason: "lease-lost",
      measureGap: true,
    });
  }
  if (state.phase === "holding" && context.now >= state.handoverAt) return startHandover(state, context);
  if (state.phase === "handing-over") {
    const due = state.invokeAt.filter((at) => at <= context.now);
    if (due.length > 0) {
      const invokeAt = state.invokeAt.filter((at) => at > context.now);
      return { state: { ...state, invokeAt }, command: { kind: "invoke", generation: lease.generation } };
    }
    if (context.now >= state.giveUpAt) {
      return {
        state: { phase: "holding", lease, handoverAt: context.handoverAt, early: false },
      };
    }
  }
  if (context.now < lease.renewAt) return { state };
  if (state.phase === "holding" && context.now >= lease.slicesAt && slicesDiffer(lease, context))
    return changeSlices(state, context);
  const status = state.phase === "handing-over" ? STATUS.handingOver : undefined;
  return { state, command: { kind: "renew", lease, status } };
}

function startHandover(state: Holding, context: HopContext): Transition {
  const { lease } = state;
  if (context.endsChain) return leaveItToTheWatchdog(state, context);
  if (!mayChain(context)) return { state: { ...state, handoverAt: context.enteredAt + context.timing.shortestHopMs } };
  const end = state.early ? context.now + context.handoverMs : context.deadlineAt;
  return {
    state: {
      phase: "handing-over",
      lease: { ...lease, renewAt: context.now + context.timing.renewHandingOverMs },
      invokeAt: context.timing.reinvokeMs.map((before) => end - before),
      giveUpAt: state.early ? end - context.timing.stopReadingMs : Number.POSITIVE_INFINITY,
      early: state.early,
    },
    command: { kind: "invoke", generation: lease.generation },
  };
}

/** The row's status requests a successor, which the watchdog invokes: that starts a new chain. */
function leaveItToTheWatchdog({ lease, early }: Holding, context: HopContext): Transition {
  const { watchdogMs, leadMs, renewHandingOverMs } = context.timing;
  const giveUpAt = early ? context.now + watchdogMs + leadMs : Number.POSITIVE_INFINITY;
  return {
    state: {
      phase: "handing-over",
      lease: { ...lease, renewAt: context.now + renewHandingOverMs },
      invokeAt: [],
      giveUpAt,
      early,
    },
    command: { kind: "renew", lease, status: STATUS.handingOver },
  };
}

/** One connection at a time: close, drain and release. Invoke then, unless a successor waits for the release. */
function breakNow(lease: Lease, { retryAt }: { retryAt?: number }, context: HopContext): Transition {
  const early = retryAt !== undefined && retryAt > context.now;
  const awaited = isClaimed(lease.row, context.now);
  return leave({
    kind: "release",
    lease,
    status: early ? STATUS.waiting : STATUS.handingOver,
    invoke: early || awaited ? "no" : "guarded",
    reason: "handed-over-by-break",
    measureGap: true,
    ...(early && { retryAt }),
  });
}

function onRenewed(state: Owning, row: ConnectionRow, context: HopContext): Transition {
  const every = state.phase === "handing-over" ? context.timing.renewHandingOverMs : context.timing.renewMs;
  const lease = renewed(state.lease, row, context, every);
  if (state.phase === "holding" && isClaimed(row, context.now))
    return onRenewed(uninvited(state, row, context), row, context);
  if (state.phase === "handing-over" && (row.claim?.waits ? isClaimed(row, context.now) : row.claim?.refused))
    return onBreak({ ...state, lease }, row.claim?.refused ?? {}, context);
  if (
    state.phase === "holding" &&
    row.requestedRelease &&
    row.requestedRelease !== context.release &&
    row.requestedRelease !== lease.attemptedRelease
  ) {
    const at = Math.max(context.now + context.phaseMs, context.enteredAt + context.timing.shortestHopMs);
    const attempted = { ...lease, attemptedRelease: row.requestedRelease };
    return {
      state: withEarlyHandover({ ...state, lease: attempted }, at),
      effects: [{ do: "early-handover-of-all", at }],
    };
  }
  if (lease.hasSlot && predecessorWritesUntil({ row, generation: lease.generation }) <= context.now)
    return { state: withLease(state, { ...lease, hasSlot: false }), command: { kind: "return-slot" } };
  return { state: withLease(state, lease) };
}

/**
 * With another number of partition keys, an event that is stored again gets another key. So a hop begins with the number of its
 * predecessor, and changes it when the predecessor reads no more and the relay's memory of recent keys covers what a source repeats.
 */
function slicesDiffer({ row }: Lease, { storage, slices }: HopContext): boolean {
  return storage === "each" && row.slices !== undefined && row.slices !== slices;
}

/** Until a response shows the number, this owner does not know it: it leaves before a successor may connect again. */
function changeSlices(state: Holding, { now, timing }: HopContext): Transition {
  const until = Math.min(state.lease.until, now + timing.leaseMs - timing.leaseMarginMs);
  const lease: Lease = { ...state.lease, until, changingSlices: true };
  return { state: { ...state, lease }, command: { kind: "use-slices", lease } };
}

/** A change that was not made is tried again at a later renew. The renew that follows now lets successors connect again. */
function onSlices(state: Owning, written: WriteResult, context: HopContext): Transition {
  if (!written.applied && written.uncertain) return retryRenew(state, context);
  const slicesAt = context.now + context.timing.renewMs;
  const { row } = written.applied ? written : state.lease;
  return { state: withLease(state, { ...state.lease, slicesAt, changingSlices: false, row }) };
}

function withEarlyHandover(state: Holding, at: number): Holding {
  return { ...state, handoverAt: Math.min(at, state.handoverAt), early: state.early || at < state.handoverAt };
}

/** A hop that the watchdog invoked moves the stream: that is a handover, too. */
function uninvited({ lease }: Holding, row: ConnectionRow, context: HopContext): HandingOver {
  const giveUpAt = row.claim?.until ?? context.now;
  return { phase: "handing-over", lease, invokeAt: [], giveUpAt, early: true };
}

/**
 * The upstream takes one connection. Break when the successor waits for it, or has left; but not before the time that the upstream
 * named with its refusal. Until then keep reading.
 */
function onBreak(state: HandingOver, refused: { retryAt?: number }, context: HopContext): Transition {
  const latest = context.deadlineAt - context.timing.stopReadingMs;
  const at = Math.min(refused.retryAt ?? context.now, latest);
  if (at <= context.now) return breakNow(state.lease, { retryAt: refused.retryAt }, context);
  const renewAt = Math.min(state.lease.renewAt, at);
  return { state: { ...state, invokeAt: [], giveUpAt: Number.POSITIVE_INFINITY, lease: { ...state.lease, renewAt } } };
}

/** A condition of the renew did not hold: another hop owns the stream, or it was stopped. */
function onLost(state: Owning, { row, ...written }: WriteResult, context: HopContext): Transition {
  const { lease } = state;
  if ("uncertain" in written && (!row || isOwner(row, lease, context))) return retryRenew(state, context);
  if (!row) return leave({ kind: "nothing", reason: "gone" });
  const unchanged = row.desired === "open" && row.desiredVersion === lease.desiredVersion;
  if (row.generation > lease.generation) {
    const handingOver = state.phase === "handing-over" || row.handedOverFrom === lease.generation;
    if (!handingOver || !unchanged) {
      return leave({
        kind: "add-final-counters",
        lease,
        successor: row,
        reason: handingOver ? "handed-over" : "superseded",
      });
    }
    return { state: { phase: "lingering", lease, until: context.now + context.timing.lingerMs, successor: row } };
  }
  // The watchdog revoked the lease.
  if (row.owner !== context.nonce) return leave({ kind: "nothing", reason: "superseded" });
  return leave(stopped(lease, row));
}

function retryRenew(state: Owning, context: HopContext): Transition {
  return { state: withLease(state, { ...state.lease, renewAt: context.now + context.timing.retryMs }) };
}

/** Stopped, or stopped and started again: then a new hop is invoked. */
function stopped(lease: Lease, row: ConnectionRow) {
  const again = row.desired === "open";
  return {
    kind: "release",
    lease: { ...lease, row },
    status: again ? STATUS.starting : STATUS.closed,
    invoke: again ? "always" : "no",
    reason: "stopped",
  } as const;
}

/** The connection ended. The row shows whether a successor connects: an upstream may keep the newest connection alone. */
function afterDrop(state: Owning, row: ConnectionRow | undefined, context: HopContext): Transition {
  const refuse = { do: "reconnect", allowed: false } as const;
  const and = (next: Transition): Transition => ({ ...next, effects: [refuse, ...(next.effects ?? [])] });
  if (!row || !isOwner(row, state.lease, context)) return and(onLost(state, { applied: false, row }, context));
  const lease = { ...state.lease, row };
  if (isClaimed(row, context.now)) {
    return and(
      leave({
        kind: "release",
        lease,
        status: STATUS.handingOver,
        invoke: "no",
        reason: "handed-over",
        measureGap: true,
      }),
    );
  }
  if (state.phase === "handing-over") return and(breakNow(lease, {}, context));
  return { state: withLease(state, lease), effects: [{ do: "reconnect", allowed: context.now < lease.until }] };
}

/** The relay ended by itself. */
function onEnded({ lease }: Owning, outcome: RelayOutcome, context: HopContext): Transition {
  const drained = { drained: true, context } as const;
  const common = { kind: "release", lease, outcome, invoke: "no" } as const;
  switch (outcome.kind) {
    case "completed":
      return leave({ ...common, status: STATUS.completed, reason: "completed" }, drained);
    case "failed":
      return leave({ ...common, status: STATUS.failed, reason: "failed" }, drained);
    case "waiting":
    case "refused":
      return leave({ ...common, status: STATUS.waiting, reason: "waiting" }, drained);
    case "stopped":
      // Reading stopped at the deadline: no successor took over.
      return leave(
        {
          ...common,
          status: STATUS.starting,
          reason: "no-successor",
          measureGap: true,
          invoke: isClaimed(lease.row, context.now) ? "no" : "guarded",
        },
        drained,
      );
  }
}

function renewed(before: Lease | undefined, row: ConnectionRow, context: HopContext, every: number): Lease {
  const waits = predecessorWritesUntil({ row, generation: row.generation }) > context.now;
  const next = waits ? Math.min(every, context.timing.renewHandingOverMs) : every;
  return {
    generation: row.generation,
    desiredVersion: before?.desiredVersion ?? row.desiredVersion,
    until: (row.expiresAt ?? 0) - context.timing.leaseMarginMs,
    seenAt: context.now,
    // The row shows when the predecessor has left. After a change of the slices, a second renew lets successors connect.
    renewAt: context.now + (before?.changingSlices ? 0 : next),
    row,
    slicesAt: before?.slicesAt ?? context.now + 2 * context.timing.leaseMs,
    attemptedRelease: before?.attemptedRelease,
    hasSlot: before?.hasSlot,
  };
}

function withLease<S extends Owning>(state: S, lease: Lease): S {
  return { ...state, lease };
}
