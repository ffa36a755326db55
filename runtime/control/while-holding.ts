import { type ConnectionRow, STATUS } from "../contract";
import { isClaimed, type Written } from "./connection-table";
import type { RelayOutcome } from "./relay-port";
import {
  type HandingOver,
  type Here,
  type Holding,
  type Input,
  isMine,
  type Lease,
  mayChain,
  type Step,
} from "./stream-state";
import { leave } from "./while-leaving";

type Mine = Holding | HandingOver;

/** The lease was just won. */
export function hold(row: ConnectionRow, here: Here): Step {
  const lease = renewed(undefined, row, here, here.times.renewMs);
  return { state: { phase: "holding", lease, handOverAt: here.deadlineAt - here.times.leadMs, early: false } };
}

/** From the lease to the decision to leave. */
export function whileHolding(state: Mine, input: Input, here: Here): Step {
  switch (input.kind) {
    case "tick":
      return onTick(state, here);
    case "answer":
      if (input.to.ask === "read") return afterDrop(state, input.written.row, here);
      return input.written.applied ? onRenewed(state, input.written.row, here) : onLost(state, input.written, here);
    case "no-answer":
      if (input.to.ask === "read") return afterDrop(state, state.lease.row, here);
      // An invocation that failed is made again at the next time planned for it.
      if (input.to.ask === "invoke") return { state };
      return renewAgain(state, here);
    case "progress":
      // The row should show at once that the stream is open.
      if (input.progress.kind !== "first-byte" && input.progress.kind !== "open") return { state };
      return { state: withLease(state, { ...state.lease, renewAt: here.now }) };
    case "dropped":
      if (state.phase === "handing-over") return { state, ask: { ask: "read" } };
      return { state, effects: [{ do: "reconnect", allowed: here.now < state.lease.until }] };
    case "ended":
      return onEnded(state, input.outcome, here);
    default:
      return { state };
  }
}

function onTick(state: Mine, here: Here): Step {
  const { lease } = state;
  if (here.now >= lease.until) {
    return leave({
      kind: "release",
      lease,
      status: STATUS.starting,
      invoke: "guarded",
      fate: "lease-lost",
      broke: true,
    });
  }
  if (state.phase === "holding" && here.now >= state.handOverAt) return handOver(state, here);
  if (state.phase === "handing-over") {
    const due = state.invokeAt.filter((at) => at <= here.now);
    if (due.length > 0) {
      const invokeAt = state.invokeAt.filter((at) => at > here.now);
      return { state: { ...state, invokeAt }, ask: { ask: "invoke", generation: lease.generation } };
    }
    if (here.now >= state.giveUpAt) {
      return { state: { phase: "holding", lease, handOverAt: here.deadlineAt - here.times.leadMs, early: false } };
    }
  }
  if (here.now < lease.renewAt) return { state };
  const status = state.phase === "handing-over" ? STATUS.handingOver : undefined;
  return { state, ask: { ask: "renew", lease, status } };
}

function handOver(state: Holding, here: Here): Step {
  const { lease } = state;
  if (modeOf(lease.row, here) === "break") return breakNow(lease, { remember: false }, here);
  if (!mayChain(here)) return { state: { ...state, handOverAt: here.enteredAt + here.times.shortestHopMs } };
  const end = state.early ? here.now + here.times.leadMs : here.deadlineAt;
  return {
    state: {
      phase: "handing-over",
      lease: { ...lease, renewAt: here.now + here.times.renewHandingOverMs },
      invokeAt: here.times.invokeAgainMs.map((before) => end - before),
      giveUpAt: state.early ? end - here.times.stopReadingMs : Number.POSITIVE_INFINITY,
      early: state.early,
    },
    ask: { ask: "invoke", generation: lease.generation },
  };
}

/** One connection at a time: close, drain, release, and only then invoke. */
function breakNow(lease: Lease, { remember, retryAt }: { remember: boolean; retryAt?: number }, here: Here): Step {
  const early = retryAt !== undefined && retryAt > here.now;
  return leave({
    kind: "release",
    lease,
    status: early ? STATUS.waiting : STATUS.handingOver,
    invoke: early ? "no" : "guarded",
    fate: "broke",
    broke: true,
    rememberBreak: remember,
    ...(early && { retryAt }),
  });
}

function modeOf(row: ConnectionRow, here: Here): "overlap" | "break" {
  if (here.handover !== "auto") return here.handover;
  const remembered = row.handoverMode;
  return remembered && remembered.until > here.now ? remembered.mode : "overlap";
}

function onRenewed(state: Mine, row: ConnectionRow, here: Here): Step {
  const every = state.phase === "handing-over" ? here.times.renewHandingOverMs : here.times.renewMs;
  const lease = renewed(state.lease, row, here, every);
  if (state.phase === "handing-over" && row.claim?.refused)
    return onRefused({ ...state, lease }, row.claim.refused, here);
  if (state.phase === "holding" && row.wanted && row.wanted !== here.release && row.wanted !== lease.served) {
    const at = Math.max(here.now, here.enteredAt + here.times.shortestHopMs);
    const early = at < state.handOverAt;
    const served = { ...lease, served: row.wanted };
    return {
      state: { ...state, lease: served, handOverAt: Math.min(at, state.handOverAt), early: state.early || early },
    };
  }
  return { state: withLease(state, lease) };
}

/** The upstream takes no second connection: break, but not before it wants to be asked again; until then we read on. */
function onRefused(state: HandingOver, refused: { retryAt?: number }, here: Here): Step {
  const latest = here.deadlineAt - here.times.stopReadingMs;
  const at = Math.min(refused.retryAt ?? here.now, latest);
  if (at <= here.now) return breakNow(state.lease, { remember: true, retryAt: refused.retryAt }, here);
  const renewAt = Math.min(state.lease.renewAt, at);
  return { state: { ...state, invokeAt: [], giveUpAt: Number.POSITIVE_INFINITY, lease: { ...state.lease, renewAt } } };
}

/** A condition of the renew did not hold: somebody else owns the stream, or somebody wants it closed. */
function onLost(state: Mine, { row, ...written }: Written, here: Here): Step {
  const { lease } = state;
  if ("unsure" in written && (!row || isMine(row, lease, here))) return renewAgain(state, here);
  if (!row) return leave({ kind: "nothing", fate: "gone" });
  const wanted = row.desired === "open" && row.desiredVersion === lease.desiredVersion;
  if (row.generation > lease.generation) {
    const invited = state.phase === "handing-over";
    if (!invited || !wanted) {
      return leave({ kind: "tally", lease, successor: row, fate: invited ? "handed-over" : "superseded" });
    }
    return { state: { phase: "lingering", lease, until: here.now + here.times.lingerMs, successor: row } };
  }
  // Declared dead by the watchdog.
  if (row.owner !== here.nonce) return leave({ kind: "nothing", fate: "superseded" });
  return leave(stopped(lease, row));
}

function renewAgain(state: Mine, here: Here): Step {
  return { state: withLease(state, { ...state.lease, renewAt: here.now + here.times.retryMs }) };
}

/** Stopped, or stopped and started again: then a new hop runs what was asked for last. */
export function stopped(lease: Lease, row: ConnectionRow) {
  const again = row.desired === "open";
  return {
    kind: "release",
    lease: { ...lease, row },
    status: again ? STATUS.starting : STATUS.closed,
    invoke: again ? "always" : "no",
    fate: "stopped",
  } as const;
}

/** Our connection ended during a hand-over; the row says whether somebody else is on. */
function afterDrop(state: Mine, row: ConnectionRow | undefined, here: Here): Step {
  const refuse = { do: "reconnect", allowed: false } as const;
  const and = (step: Step): Step => ({ ...step, effects: [refuse, ...(step.effects ?? [])] });
  if (!row || !isMine(row, state.lease, here)) return and(onLost(state, { applied: false, row }, here));
  const lease = { ...state.lease, row };
  if (isClaimed(row, here.now)) {
    return and(
      leave({ kind: "release", lease, status: STATUS.handingOver, invoke: "no", fate: "handed-over", broke: true }),
    );
  }
  return and(breakNow(lease, { remember: row.claim?.refused !== undefined }, here));
}

/** The relay left of its own accord. */
function onEnded({ lease, phase }: Mine, outcome: RelayOutcome, here: Here): Step {
  const drained = { drained: true, here } as const;
  const common = { kind: "release", lease, outcome, invoke: "no" } as const;
  switch (outcome.kind) {
    case "completed":
      return leave({ ...common, status: STATUS.completed, fate: "completed" }, drained);
    case "failed":
      return leave({ ...common, status: STATUS.failed, fate: "failed" }, drained);
    case "waiting":
    case "refused":
      return leave({ ...common, status: STATUS.waiting, fate: "waiting" }, drained);
    case "stopped":
      // Reading ended at its last moment: nobody took over.
      return leave(
        {
          ...common,
          status: STATUS.starting,
          fate: "unserved",
          broke: true,
          invoke: phase === "holding" ? "guarded" : "no",
        },
        drained,
      );
  }
}

function renewed(before: Lease | undefined, row: ConnectionRow, here: Here, every: number): Lease {
  return {
    generation: row.generation,
    desiredVersion: before?.desiredVersion ?? row.desiredVersion,
    until: (row.expiresAt ?? 0) - here.times.leaseMarginMs,
    renewAt: here.now + every,
    row,
    served: before?.served,
  };
}

function withLease<S extends Mine>(state: S, lease: Lease): S {
  return { ...state, lease };
}
