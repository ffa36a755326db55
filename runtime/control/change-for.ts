import { STATUS, type Status } from "../contract";
import { countedSince } from "./counters";
import { addFigures, type Measured, measuredByPredecessor, measuredBySuccessor } from "./handover-figures";
import { acquire, claim, type Held, type Report, refuse, release, renew, tally, unclaim } from "./lease";
import type { RelayOutcome, RelaySnapshot } from "./relay-port";
import type { RowChange } from "./row-change";
import type { Ask, Here, Lease, Rest } from "./stream-state";

/** Break is remembered this long, then overlap is tried again: one stray 429 must not decide for ever. */
const REMEMBER_BREAK_MS = 24 * 60 * 60 * 1000;

/** What the relay says, and since when it has been told. */
export interface Relayed {
  readonly snapshot: RelaySnapshot;
  readonly told: RelaySnapshot["counters"];
  readonly closedAt?: number;
}

export interface Telling {
  readonly change: RowChange;
  /** A hand-over is complete once this change is made. */
  readonly measured?: Measured;
}

/** The conditional change behind a question of the state machine. Pure. */
export function changeFor(ask: Exclude<Ask, { ask: "read" | "invoke" }>, here: Here, relayed: Relayed): Telling {
  const { nonce, now, times } = here;
  switch (ask.ask) {
    case "claim":
      return { change: claim({ nonce, generation: ask.generation, now, until: now + times.claimMs }) };
    case "acquire": {
      const relay = ask.claimed === undefined ? undefined : relayed.snapshot;
      const expiresAt = now + times.leaseMs;
      return { change: acquire({ nonce, now, expiresAt, release: here.release, claimed: ask.claimed, relay }) };
    }
    case "renew": {
      const { lease, status = statusOf(relayed.snapshot) } = ask;
      const expiresAt = Math.max(now + times.leaseMs, (lease.row.expiresAt ?? 0) + 1);
      const { report, measured } = reportOf(lease, status, relayed);
      return { change: renew({ ...held(lease, here), expiresAt }, report), measured };
    }
    case "release":
      return releasing(ask.rest, here, relayed);
    case "tally":
      return tallying(ask.rest, here, relayed);
    case "refuse":
      return { change: refuse({ nonce, status: ask.status, retryAt: ask.retryAt }) };
    case "unclaim":
      return { change: unclaim({ nonce }) };
  }
}

function releasing(rest: Extract<Rest, { kind: "release" }>, here: Here, relayed: Relayed): Telling {
  const { lease, outcome } = rest;
  const seen = lease.row.desiredVersion;
  const { report, measured } = reportOf(lease, rest.status, withOutcome(relayed, outcome));
  const handoverMode = { mode: "break", until: here.now + REMEMBER_BREAK_MS } as const;
  const change = release(
    { ...held(lease, here), desiredVersion: seen },
    { ...report, ...(rest.rememberBreak && { handoverMode }) },
    {
      checkpointToo: seen === lease.desiredVersion || lease.row.desired === "closed",
      brokeAt: rest.broke ? (relayed.closedAt ?? here.now) : undefined,
      retryAt: outcome?.kind === "waiting" || outcome?.kind === "refused" ? outcome.retryAt : rest.retryAt,
    },
  );
  return { change, measured };
}

function tallying({ successor, fate }: Extract<Rest, { kind: "tally" }>, here: Here, relayed: Relayed): Telling {
  const counted = countedSince(relayed.told, relayed.snapshot.counters);
  if (fate !== "handed-over") return { change: tally({ successor: successor.generation, counted }) };
  const measured = measuredByPredecessor(relayed.snapshot, successor, relayed.closedAt ?? here.now);
  const handover = addFigures(successor.handover, measured);
  return { change: tally({ successor: successor.generation, counted, handover }), measured };
}

/** Every report of a successor whose predecessor left first carries the gap, once there is one. */
function reportOf(lease: Lease, status: Status, { snapshot, told }: Relayed): { report: Report; measured?: Measured } {
  const measured = measuredBySuccessor(lease.row, snapshot);
  const handover = measured && addFigures(lease.row.handover, measured);
  return { report: { status, relay: snapshot, counted: countedSince(told, snapshot.counters), handover }, measured };
}

/** The relay's last word is newer than its snapshot. */
function withOutcome(relayed: Relayed, outcome: RelayOutcome | undefined): Relayed {
  const snapshot = {
    ...relayed.snapshot,
    ...(outcome && "error" in outcome && { lastError: outcome.error }),
    ...(outcome?.kind === "waiting" && { attempt: outcome.attempt }),
  };
  return { ...relayed, snapshot };
}

function held(lease: Lease, { nonce }: Here): Held {
  return { nonce, generation: lease.generation, desiredVersion: lease.desiredVersion };
}

function statusOf({ connectedSince, retryAt }: RelaySnapshot): Status {
  if (connectedSince !== undefined) return STATUS.open;
  return retryAt === undefined ? STATUS.starting : STATUS.waiting;
}
