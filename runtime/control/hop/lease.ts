import {
  CONTRACT_VERSION,
  type ConnectionRow,
  type Counters,
  type HandoverStats,
  type HopPlan,
  STATUS,
  type Status,
  type Storage,
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
import { inFlightToUnknown, type RowChange, type StoredRow } from "../table/row-change";

/**
 * The lease protocol: the conditional writes of a hop. Every write of an owner is conditional on its generation. See
 * docs/decisions/0020.
 */

/** Permits the successor to connect while the predecessor still owns the lease. */
export function claim(input: { nonce: string; generation: number; now: number; until: number }): RowChange {
  return {
    name: "claim",
    when: [desiredOpen, notTerminal, generationIs(input.generation), claimFree(input.now), retryPassed(input.now)],
    set: { claim: { nonce: input.nonce, until: input.until } },
    wasAppliedTo: (row) => claimOf(row)?.nonce === input.nonce,
  };
}

/** Extends the claim of a successor that connects when the lease is released. */
export function waitForRelease(input: {
  nonce: string;
  generation: number;
  until: number;
  refusal?: Refusal;
}): RowChange {
  const { nonce, until, refusal } = input;
  return {
    name: "wait-for-release",
    when: [desiredOpen, generationIs(input.generation), claimedBy(nonce)],
    set: {
      claim: { nonce, until, waits: true, ...(refusal && { refused: refusedOf(refusal) }) },
      ...(refusal && breakUntil(refusal)),
    },
    wasAppliedTo: (row) => claimOf(row)?.nonce === nonce && claimOf(row)?.until === until,
  };
}

export interface Acquire {
  readonly nonce: string;
  readonly now: number;
  readonly expiresAt: number;
  readonly release: string;
  readonly hop: HopPlan;
  /** Set by the stream that renews for its hop. */
  readonly beatUntil?: number;
  readonly storage: Storage;
  /** Partition keys of a stream that has none yet. */
  readonly slices: number;
  /** A predecessor that still runs writes no pack later. */
  readonly predecessorUntil: number;
  /** Generation that the claim was made to succeed. Absent: the lease must be free. */
  readonly claimed?: number;
  /** The claimant waited for the release: the lease must be free. */
  readonly waited?: boolean;
  /** State of the connection, if the hop connected under a claim. */
  readonly relay?: RelaySnapshot;
}

export function acquire(input: Acquire): RowChange {
  const free = input.claimed === undefined || input.waited === true;
  const may = [
    ...(free ? [leaseFree(input.now), retryPassed(input.now)] : []),
    ...(input.claimed === undefined ? [claimFree(input.now)] : [claimedBy(input.nonce), generationIs(input.claimed)]),
  ];
  return {
    name: "acquire",
    when: [desiredOpen, notTerminal, ...may],
    set: {
      v: CONTRACT_VERSION,
      owner: input.nonce,
      expiresAt: input.expiresAt,
      release: input.release,
      hop: input.hop,
      beatUntil: input.beatUntil,
      handedOverAt: input.claimed === undefined ? undefined : input.now,
      requestedRelease: undefined,
      claim: undefined,
      handedOverFrom: free ? undefined : input.claimed,
      storage: input.storage,
      ...(!free && { predecessorUntil: input.predecessorUntil }),
      status: input.relay?.connectedSince === undefined ? STATUS.starting : STATUS.open,
      connectedSince: input.relay?.connectedSince,
      firstByteAt: input.relay?.firstByteAt,
    },
    add: { generation: 1 },
    copy: [
      { from: "storage", to: "predecessorStorage", otherwise: "each" },
      { from: "slices", to: "slices", otherwise: input.slices },
    ],
    // A predecessor that still runs takes these events back with its final counters.
    move: inFlightToUnknown,
    wasAppliedTo: (row) => row.owner === input.nonce,
  };
}

/** The owner's state, written at every renew and at the release. */
export interface Report {
  readonly status: Status;
  readonly relay: RelaySnapshot;
  /** Counted since the last write that is known to be applied. */
  readonly counted: Counters;
  /** Share of a hop that the stream used lately. */
  readonly load?: number;
  /** Set when this owner completed a handover by break. */
  readonly handover?: HandoverStats;
}

export interface Held {
  readonly nonce: string;
  readonly generation: number;
  readonly desiredVersion: number;
}

/** `connectAt`: no successor connects before this time. See {@link useSlices}. */
export function renew(
  input: Held & { expiresAt: number; beatUntil?: number; connectAt?: number },
  report: Report,
): RowChange {
  return {
    name: "renew",
    when: [generationIs(input.generation), ownedBy(input.nonce), desiredVersionIs(input.desiredVersion)],
    set: {
      expiresAt: input.expiresAt,
      beatUntil: input.beatUntil,
      ...statusAttributes(report),
      ...checkpointAttribute(report.relay),
      ...(input.connectAt !== undefined && { retryAt: input.connectAt }),
    },
    add: counterIncrements(report.counted),
    // The expiry identifies the write: it is strictly later at every renew, and only the owner writes it.
    wasAppliedTo: (row) =>
      row.owner === input.nonce && row.generation === input.generation && row.expiresAt === input.expiresAt,
  };
}

/**
 * Changes the number of partition keys. A successor that has claimed the stream has read the number, so it must not change then. When the
 * response is lost, the owner does not know the number that a successor would read. So no successor connects before `connectAt`, when
 * such an owner has left. The first renew after a response removes that time.
 */
export function useSlices(input: Held & { now: number; slices: number; connectAt: number }): RowChange {
  return {
    name: "use-slices",
    when: [generationIs(input.generation), ownedBy(input.nonce), claimFree(input.now)],
    set: { slices: input.slices, retryAt: input.connectAt },
    wasAppliedTo: (row) => row.owner === input.nonce && row.slices === input.slices,
  };
}

export interface ReleaseOptions {
  /** False when a start was written in between: it may have removed the checkpoint. */
  readonly writeCheckpoint: boolean;
  /** Set when a successor follows: it measures the gap. */
  readonly disconnectedAt?: number;
  /** No hop connects before this time. */
  readonly retryAt?: number;
}

/** Releases the lease. `desiredVersion` is the one last read, so that a start or stop in between is never overwritten. */
export function release(input: Held, report: Report, options: ReleaseOptions): RowChange {
  return {
    name: "release",
    when: [generationIs(input.generation), ownedBy(input.nonce), desiredVersionIs(input.desiredVersion)],
    set: {
      owner: undefined,
      expiresAt: undefined,
      beatUntil: undefined,
      connectedSince: undefined,
      releaseNonce: input.nonce,
      disconnectedAt: options.disconnectedAt,
      ...statusAttributes(report),
      ...(options.writeCheckpoint && checkpointAttribute(report.relay)),
      ...(options.retryAt !== undefined && { retryAt: options.retryAt }),
    },
    add: counterIncrements(report.counted),
    wasAppliedTo: (row) => row.releaseNonce === input.nonce,
  };
}

/** The upstream's answer to a second connection. */
export interface Refusal {
  readonly status: number;
  readonly retryAt?: number;
  /** Handovers are by break until this time. */
  readonly breakUntil: number;
}

/** The upstream refused the second connection, and the successor leaves. The predecessor reads this at its next renew. */
export function refuse({ nonce, ...refusal }: Refusal & { nonce: string }): RowChange {
  return {
    name: "refuse",
    when: [claimedBy(nonce)],
    set: { "claim.refused": refusedOf(refusal), ...breakUntil(refusal) },
    wasAppliedTo: (row) => claimOf(row)?.nonce === nonce && claimOf(row)?.refused !== undefined,
  };
}

const refusedOf = ({ status, retryAt }: Refusal) => ({ status, ...(retryAt !== undefined && { retryAt }) });
const breakUntil = (refusal: Refusal) => ({ handoverMode: { mode: "break", until: refusal.breakUntil } });

/** Releases a claim that was not used, so that the next successor does not wait for it to expire. */
export function releaseClaim(input: { nonce: string; lateHead?: boolean }): RowChange {
  return {
    name: "release-claim",
    when: [claimedBy(input.nonce)],
    // For the next successor: it does not wait for the head.
    set: { claim: undefined, ...(input.lateHead && { lateHead: true }) },
    wasAppliedTo: (row) => claimOf(row)?.nonce !== input.nonce,
  };
}

/**
 * Adds what a superseded predecessor counted and measured after its last renew. It owns no lease by then, so the condition is
 * the successor's generation. The row keeps the nonce, so that a repeated write adds nothing twice.
 */
export function addFinalCounters(input: {
  nonce: string;
  successor: number;
  counted: Counters;
  handover?: HandoverStats;
  /** The predecessor's generation, if it has stored its last event. */
  left?: number;
}): RowChange {
  return {
    name: "add-final-counters",
    when: [generationIs(input.successor), { differs: ["finalCountersOf", input.nonce] }],
    set: {
      finalCountersOf: input.nonce,
      ...(input.handover && { handover: input.handover }),
      ...(input.left !== undefined && { leftGeneration: input.left }),
    },
    add: counterIncrements(input.counted),
    wasAppliedTo: (row) => row.finalCountersOf === input.nonce,
  };
}

function statusAttributes({ status, relay, load, handover }: Report): Record<string, unknown> {
  return {
    status,
    attempt: relay.attempt,
    retryAt: relay.retryAt,
    connectedSince: relay.connectedSince,
    ...(relay.firstByteAt !== undefined && { firstByteAt: relay.firstByteAt }),
    ...(relay.lastByteAt !== undefined && { lastByteAt: relay.lastByteAt }),
    ...(relay.secretVersion !== undefined && { secretVersion: relay.secretVersion }),
    ...(relay.sharedRequest !== undefined && { sharedRequest: relay.sharedRequest }),
    ...(relay.lastError !== undefined && { lastError: relay.lastError }),
    ...(relay.history.openedAt !== undefined && { openedAt: relay.history.openedAt }),
    ...(relay.history.uncompressed && { uncompressed: true }),
    ...(relay.history.lastNumber !== undefined && { lastNumber: relay.history.lastNumber }),
    ...(relay.history.lateHead && { lateHead: true }),
    refusal: relay.history.refusal,
    unstoredSince: relay.health.unstoredSince,
    throttledSince: relay.health.throttledSince,
    mute: relay.health.mute,
    ...(load !== undefined && { load }),
    ...(handover && { handover, disconnectedAt: undefined }),
  };
}

/** A snapshot without a checkpoint removes it: the upstream refused the position. */
function checkpointAttribute(relay: RelaySnapshot): Record<string, unknown> {
  return { checkpoint: relay.checkpoint, checkpointSequence: relay.checkpointSequence };
}

function counterIncrements(counted: Counters): Record<string, number> {
  const moved = Object.entries(counted).filter(([, amount]) => amount !== 0);
  return Object.fromEntries(moved.map(([name, amount]) => [`counters.${name}`, amount]));
}

function claimOf(row: StoredRow): ConnectionRow["claim"] {
  return row.claim as ConnectionRow["claim"];
}
