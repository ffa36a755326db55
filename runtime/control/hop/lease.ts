import {
  CONTRACT_VERSION,
  type ConnectionRow,
  type Counters,
  type HandoverStats,
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
  notTerminal,
  ownedBy,
  retryPassed,
} from "../table/clauses";
import type { RowChange, StoredRow } from "../table/row-change";

/**
 * The lease protocol: who may write what, and when. Every change a holder makes carries its generation; the drawing and the
 * reasons are in docs/decisions/0020.
 */

/** A right to connect while the predecessor still owns the lease. */
export function claim(input: { nonce: string; generation: number; now: number; until: number }): RowChange {
  return {
    name: "claim",
    when: [desiredOpen, notTerminal, generationIs(input.generation), claimFree(input.now), retryPassed(input.now)],
    set: { claim: { nonce: input.nonce, until: input.until } },
    wasAppliedTo: (row) => claimOf(row)?.nonce === input.nonce,
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

export function acquire(input: Acquire): RowChange {
  const may =
    input.claimed === undefined
      ? [leaseFree(input.now), claimFree(input.now), retryPassed(input.now)]
      : [claimedBy(input.nonce), generationIs(input.claimed)];
  return {
    name: "acquire",
    when: [desiredOpen, notTerminal, ...may],
    set: {
      v: CONTRACT_VERSION,
      owner: input.nonce,
      expiresAt: input.expiresAt,
      release: input.release,
      requestedRelease: undefined,
      claim: undefined,
      status: input.relay?.connectedSince === undefined ? STATUS.starting : STATUS.open,
      connectedSince: input.relay?.connectedSince,
      firstByteAt: input.relay?.firstByteAt,
    },
    add: { generation: 1 },
    wasAppliedTo: (row) => row.owner === input.nonce,
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
  readonly handover?: HandoverStats;
}

export interface Held {
  readonly nonce: string;
  readonly generation: number;
  readonly desiredVersion: number;
}

export function renew(input: Held & { expiresAt: number }, report: Report): RowChange {
  return {
    name: "renew",
    when: [generationIs(input.generation), ownedBy(input.nonce), desiredVersionIs(input.desiredVersion)],
    set: { expiresAt: input.expiresAt, ...statusAttributes(report), ...checkpointAttribute(report.relay) },
    add: counterIncrements(report.counted),
    // Strictly later at every renew, and only the owner writes it: the expiry is the mark.
    wasAppliedTo: (row) =>
      row.owner === input.nonce && row.generation === input.generation && row.expiresAt === input.expiresAt,
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
export function release(input: Held, report: Report, leaving: Leaving): RowChange {
  return {
    name: "release",
    when: [generationIs(input.generation), ownedBy(input.nonce), desiredVersionIs(input.desiredVersion)],
    set: {
      owner: undefined,
      expiresAt: undefined,
      connectedSince: undefined,
      releaseNonce: input.nonce,
      disconnectedAt: leaving.disconnectedAt,
      ...statusAttributes(report),
      ...(leaving.checkpointToo && checkpointAttribute(report.relay)),
      ...(leaving.retryAt !== undefined && { retryAt: leaving.retryAt }),
    },
    add: counterIncrements(report.counted),
    wasAppliedTo: (row) => row.releaseNonce === input.nonce,
  };
}

/** The upstream refused the second connection: tells the predecessor, through its next renew. */
export function refuse(input: { nonce: string; status: number; retryAt?: number }): RowChange {
  const refused = { status: input.status, ...(input.retryAt !== undefined && { retryAt: input.retryAt }) };
  return {
    name: "refuse",
    when: [claimedBy(input.nonce)],
    set: { "claim.refused": refused },
    wasAppliedTo: (row) => claimOf(row)?.nonce === input.nonce && claimOf(row)?.refused !== undefined,
  };
}

/** Gives a claim back that came to nothing, so that the next successor need not wait until it runs out. */
export function releaseClaim(input: { nonce: string }): RowChange {
  return {
    name: "release-claim",
    when: [claimedBy(input.nonce)],
    set: { claim: undefined },
    wasAppliedTo: (row) => claimOf(row)?.nonce !== input.nonce,
  };
}

/**
 * What a superseded predecessor counted after its last renew, and what it measured. No holder's write: it touches figures
 * only, under the generation of its successor, once (a lost answer may lose them, never double them).
 */
export function addFinalCounters(input: { successor: number; counted: Counters; handover?: HandoverStats }): RowChange {
  return {
    name: "add-final-counters",
    when: [generationIs(input.successor)],
    set: input.handover ? { handover: input.handover } : {},
    add: counterIncrements(input.counted),
    wasAppliedTo: () => false,
  };
}

function statusAttributes({ status, relay, handoverMode, handover }: Report): Record<string, unknown> {
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
function checkpointAttribute(relay: RelaySnapshot): Record<string, unknown> {
  return { checkpoint: relay.checkpoint };
}

function counterIncrements(counted: Counters): Record<string, number> {
  const moved = Object.entries(counted).filter(([, amount]) => amount !== 0);
  return Object.fromEntries(moved.map(([name, amount]) => [`counters.${name}`, amount]));
}

function claimOf(row: StoredRow): ConnectionRow["claim"] {
  return row.claim as ConnectionRow["claim"];
}
