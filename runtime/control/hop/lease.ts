import {
  CONTRACT_VERSION,
  type ConnectionRow,
  type Counters,
  type HandoverFigures,
  STATUS,
  type Status,
} from "../../contract";
import type { RelaySnapshot } from "../../relay-port";
import {
  claimedBy,
  claimFree,
  desiredOpen,
  desiredVersionIs,
  generationIs,
  leaseFree,
  notOver,
  ownedBy,
  retryPassed,
} from "../table/clauses";
import type { RowChange, StoredRow } from "../table/row-change";

/**
 * The lease protocol: who may write what, and when. Every change a holder makes carries its generation; the drawing and the
 * reasons are in docs/decisions/0020.
 */

/** A right to connect while the predecessor still owns the lease. */
export function claim(of: { nonce: string; generation: number; now: number; until: number }): RowChange {
  return {
    name: "claim",
    when: [desiredOpen, notOver, generationIs(of.generation), claimFree(of.now), retryPassed(of.now)],
    set: { claim: { nonce: of.nonce, until: of.until } },
    wasAppliedTo: (row) => claimOf(row)?.nonce === of.nonce,
  };
}

export interface Acquire {
  readonly nonce: string;
  readonly now: number;
  readonly expiresAt: number;
  readonly release: string;
  /** The generation it claimed to succeed; absent: the lease must be free. */
  readonly claimed?: number;
  /** What a claimant's connection did so far. */
  readonly relay?: RelaySnapshot;
}

export function acquire(of: Acquire): RowChange {
  const may =
    of.claimed === undefined
      ? [leaseFree(of.now), claimFree(of.now), retryPassed(of.now)]
      : [claimedBy(of.nonce), generationIs(of.claimed)];
  return {
    name: "acquire",
    when: [desiredOpen, notOver, ...may],
    set: {
      v: CONTRACT_VERSION,
      owner: of.nonce,
      expiresAt: of.expiresAt,
      release: of.release,
      requestedRelease: undefined,
      claim: undefined,
      status: of.relay?.connectedSince === undefined ? STATUS.starting : STATUS.open,
      connectedSince: of.relay?.connectedSince,
      firstByteAt: of.relay?.firstByteAt,
    },
    add: { generation: 1 },
    wasAppliedTo: (row) => row.owner === of.nonce,
  };
}

/** What a holder tells with every write. */
export interface Report {
  readonly status: Status;
  readonly relay: RelaySnapshot;
  /** What was counted since the last write that is known to have been made. */
  readonly counted: Counters;
  readonly handoverMode?: ConnectionRow["handoverMode"];
  /** A hand-over by break that this holder has just completed. */
  readonly handover?: HandoverFigures;
}

export interface Held {
  readonly nonce: string;
  readonly generation: number;
  readonly desiredVersion: number;
}

export function renew(of: Held & { expiresAt: number }, report: Report): RowChange {
  return {
    name: "renew",
    when: [generationIs(of.generation), ownedBy(of.nonce), desiredVersionIs(of.desiredVersion)],
    set: { expiresAt: of.expiresAt, ...facts(report), ...position(report.relay) },
    add: counts(report.counted),
    // Strictly later at every renew, and only the owner writes it: the expiry is the mark.
    wasAppliedTo: (row) => row.owner === of.nonce && row.generation === of.generation && row.expiresAt === of.expiresAt,
  };
}

export interface Leaving {
  /** False after a start came in between: it may have been told to forget the checkpoint. */
  readonly checkpointToo: boolean;
  /** Set when a successor is to come: it measures the gap. */
  readonly disconnectedAt?: number;
  /** Nobody connects before this. */
  readonly retryAt?: number;
}

/** Gives the lease back. `desiredVersion` is the one last seen, so that a start or stop in between is never overwritten. */
export function release(of: Held, report: Report, leaving: Leaving): RowChange {
  return {
    name: "release",
    when: [generationIs(of.generation), ownedBy(of.nonce), desiredVersionIs(of.desiredVersion)],
    set: {
      owner: undefined,
      expiresAt: undefined,
      connectedSince: undefined,
      releasedBy: of.nonce,
      disconnectedAt: leaving.disconnectedAt,
      ...facts(report),
      ...(leaving.checkpointToo && position(report.relay)),
      ...(leaving.retryAt !== undefined && { retryAt: leaving.retryAt }),
    },
    add: counts(report.counted),
    wasAppliedTo: (row) => row.releasedBy === of.nonce,
  };
}

/** The upstream refused the second connection: tells the predecessor, through its next renew. */
export function refuse(of: { nonce: string; status: number; retryAt?: number }): RowChange {
  const refused = { status: of.status, ...(of.retryAt !== undefined && { retryAt: of.retryAt }) };
  return {
    name: "refuse",
    when: [claimedBy(of.nonce)],
    set: { "claim.refused": refused },
    wasAppliedTo: (row) => claimOf(row)?.nonce === of.nonce && claimOf(row)?.refused !== undefined,
  };
}

/** Gives a claim back that came to nothing, so that the next successor need not wait until it runs out. */
export function releaseClaim(of: { nonce: string }): RowChange {
  return {
    name: "release-claim",
    when: [claimedBy(of.nonce)],
    set: { claim: undefined },
    wasAppliedTo: (row) => claimOf(row)?.nonce !== of.nonce,
  };
}

/**
 * What a superseded predecessor counted after its last renew, and what it measured. No holder's write: it touches figures
 * only, under the generation of its successor, once (a lost answer may lose them, never double them).
 */
export function addFinalCounters(of: { successor: number; counted: Counters; handover?: HandoverFigures }): RowChange {
  return {
    name: "add-final-counters",
    when: [generationIs(of.successor)],
    set: of.handover ? { handover: of.handover } : {},
    add: counts(of.counted),
    wasAppliedTo: () => false,
  };
}

function facts({ status, relay, handoverMode, handover }: Report): Record<string, unknown> {
  return {
    status,
    attempt: relay.attempt,
    retryAt: relay.retryAt,
    connectedSince: relay.connectedSince,
    ...(relay.firstByteAt !== undefined && { firstByteAt: relay.firstByteAt }),
    ...(relay.lastByteAt !== undefined && { lastByteAt: relay.lastByteAt }),
    ...(relay.secretVersion !== undefined && { secretVersion: relay.secretVersion }),
    ...(relay.lastError !== undefined && { lastError: relay.lastError }),
    ...(handoverMode && { handoverMode }),
    ...(handover && { handover, disconnectedAt: undefined }),
  };
}

/** No checkpoint in the snapshot means that there is none (any more): the upstream refused the old one. */
function position(relay: RelaySnapshot): Record<string, unknown> {
  return { checkpoint: relay.checkpoint };
}

function counts(counted: Counters): Record<string, number> {
  const moved = Object.entries(counted).filter(([, amount]) => amount !== 0);
  return Object.fromEntries(moved.map(([name, amount]) => [`counters.${name}`, amount]));
}

function claimOf(row: StoredRow): ConnectionRow["claim"] {
  return row.claim as ConnectionRow["claim"];
}
