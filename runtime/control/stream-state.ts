import type { ConnectionRow, HandoverMode, HopStream, Status } from "../contract";
import type { Written } from "./connection-table";
import type { RelayOutcome, RelayProgress } from "./relay-port";
import type { HopTimes } from "./times";

/**
 * One stream inside one hop, as a pure state machine: `next(state, input)` gives the next state, at most one question to the
 * table (or to Lambda), and what to do at once. The driver (`stream-hop.ts`) asks one question at a time.
 *
 *   claiming ──► trying ──┐ (overlap: connect under a claim, acquire at the first byte)
 *                         ├──► holding ◄──► handing-over ──► lingering ──┐
 *   acquiring ────────────┘       │              │                       ├──► leaving ──► left
 *   (start, revive, break)        └──────────────┴───────────────────────┘  (drain, then the last writes)
 */
export type StreamState =
  | { readonly phase: "claiming"; readonly generation: number; readonly askAt: number }
  | { readonly phase: "acquiring"; readonly askAt: number }
  | Trying
  | Holding
  | HandingOver
  | { readonly phase: "lingering"; readonly lease: Lease; readonly until: number; readonly successor: ConnectionRow }
  | { readonly phase: "leaving"; readonly drained: boolean; readonly rest: Rest; readonly askAt: number }
  | { readonly phase: "left"; readonly fate: Fate };

export interface Trying {
  readonly phase: "trying";
  /** The generation it was named to succeed. */
  readonly generation: number;
  /** It stops trying here. */
  readonly claimUntil: number;
  readonly acquireAt: number;
}

/** The stream is ours. */
export interface Holding {
  readonly phase: "holding";
  readonly lease: Lease;
  readonly handOverAt: number;
  /** Hand-over was asked for before the deadline asks for it. */
  readonly early: boolean;
}

/** Ours still, and a successor is invited. */
export interface HandingOver {
  readonly phase: "handing-over";
  readonly lease: Lease;
  /** When to invoke again. */
  readonly invokeAt: readonly number[];
  /** Early only: go back to holding here, when nobody came. */
  readonly giveUpAt: number;
  readonly early: boolean;
}

export interface Lease {
  readonly generation: number;
  readonly desiredVersion: number;
  /** By our own clock, margin taken off. */
  readonly until: number;
  readonly renewAt: number;
  /** As last seen. */
  readonly row: ConnectionRow;
  /** Early hand-over is tried once per release asked for. */
  readonly served?: string;
}

/** What is left to do once everything read is stored. */
export type Rest =
  | {
      readonly kind: "release";
      readonly lease: Lease;
      readonly status: Status;
      /** guarded: only when the hop was long enough to chain. always: a person asked (stop, then start). */
      readonly invoke: "no" | "guarded" | "always";
      readonly fate: Fate;
      readonly outcome?: RelayOutcome;
      /** A successor is to come, and measures the gap. */
      readonly broke?: boolean;
      /** The upstream refused a second connection: go by break for a day. */
      readonly rememberBreak?: boolean;
      /** Nobody connects before this: the refusal named it. */
      readonly retryAt?: number;
    }
  | { readonly kind: "invoke"; readonly fate: Fate }
  | { readonly kind: "tally"; readonly lease: Lease; readonly successor: ConnectionRow; readonly fate: Fate }
  | { readonly kind: "refuse"; readonly status: number; readonly retryAt?: number }
  | { readonly kind: "unclaim" }
  | { readonly kind: "nothing"; readonly fate: Fate };

/** Why a stream left its hop; in the log as `fate`. */
export type Fate =
  /** Somebody else runs it, or nobody should: no connection was opened. */
  | "not-needed"
  /** A claim that came to nothing. */
  | "claim-lapsed"
  | "refused"
  /** A successor took over. */
  | "handed-over"
  /** Handed over by break: released, the successor invoked. */
  | "broke"
  /** Somebody took the lease without having been invited: it had run out. */
  | "superseded"
  /** The table did not let us renew in time. */
  | "lease-lost"
  | "stopped"
  | "completed"
  | "failed"
  | "waiting"
  /** The deadline came and no successor: released for the watchdog. */
  | "unserved"
  /** The table, or the row, is gone. */
  | "gone";

export type Ask =
  | { readonly ask: "claim"; readonly generation: number }
  | { readonly ask: "acquire"; readonly claimed?: number }
  | { readonly ask: "renew"; readonly lease: Lease; readonly status?: Status }
  | { readonly ask: "release"; readonly rest: Extract<Rest, { kind: "release" }> }
  | { readonly ask: "tally"; readonly rest: Extract<Rest, { kind: "tally" }> }
  | { readonly ask: "refuse"; readonly status: number; readonly retryAt?: number }
  | { readonly ask: "unclaim" }
  | { readonly ask: "read" }
  /** With a generation: the successor claims. Without: it acquires. */
  | { readonly ask: "invoke"; readonly generation?: number };

export type Effect =
  /** Open the connection, under this generation. */
  | { readonly do: "connect"; readonly generation: number; readonly row: ConnectionRow }
  /** Stop reading at once; what was read is drained. */
  | { readonly do: "stop-reading" }
  /** The relay may connect again, or not. */
  | { readonly do: "reconnect"; readonly allowed: boolean };

export type Input =
  | { readonly kind: "begin" }
  /** The time that `wakeAt` named has come. */
  | { readonly kind: "tick" }
  /** The table answered. */
  | { readonly kind: "answer"; readonly to: Ask; readonly written: Written }
  /** The table (or Lambda) gave no answer. */
  | { readonly kind: "no-answer"; readonly to: Ask }
  | { readonly kind: "invoked" }
  | { readonly kind: "progress"; readonly progress: RelayProgress }
  /** The connection ended and the relay asks whether to connect again. */
  | { readonly kind: "dropped" }
  /** The relay left, drained. */
  | { readonly kind: "ended"; readonly outcome: RelayOutcome };

export interface Step {
  readonly state: StreamState;
  readonly ask?: Ask;
  readonly effects?: readonly Effect[];
}

/** What does not change while the hop lasts, and the time. */
export interface Here {
  readonly now: number;
  readonly nonce: string;
  readonly enteredAt: number;
  readonly deadlineAt: number;
  readonly times: HopTimes;
  readonly handover: HandoverMode;
  readonly release: string;
}

/** Named to succeed a generation: claim. Otherwise: acquire. */
export function begin({ generation }: HopStream): StreamState {
  const askAt = Number.POSITIVE_INFINITY;
  return generation === undefined ? { phase: "acquiring", askAt } : { phase: "claiming", generation, askAt };
}

/** Long enough to start another hop directly: the guard against a chain that only ever invokes itself. */
export function mayChain(here: Here): boolean {
  return here.now - here.enteredAt >= here.times.shortestHopMs;
}

/** The row names us, and nobody asked for anything else since. */
export function isMine(row: ConnectionRow, lease: Lease, here: Here): boolean {
  const { generation, owner, desiredVersion } = row;
  return generation === lease.generation && owner === here.nonce && desiredVersion === lease.desiredVersion;
}

/** Epoch ms at which the state wants a tick. */
export function wakeAt(state: StreamState): number {
  switch (state.phase) {
    case "claiming":
    case "acquiring":
      return state.askAt;
    case "trying":
      return Math.min(state.claimUntil, state.acquireAt);
    case "holding":
      return Math.min(state.lease.until, state.lease.renewAt, state.handOverAt);
    case "handing-over":
      return Math.min(state.lease.until, state.lease.renewAt, state.giveUpAt, ...state.invokeAt);
    case "lingering":
      return state.until;
    case "leaving":
      return state.drained ? state.askAt : (leaseOf(state.rest)?.renewAt ?? Number.POSITIVE_INFINITY);
    case "left":
      return Number.POSITIVE_INFINITY;
  }
}

/** A lease that is still worth renewing while we drain: nobody else may take the stream before everything is stored. */
export function leaseOf(rest: Rest): Lease | undefined {
  return rest.kind === "release" && rest.lease.row.desiredVersion === rest.lease.desiredVersion
    ? rest.lease
    : undefined;
}
