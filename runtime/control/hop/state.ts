import type { ConnectionRow, HandoverMode, HopStream, Status, Storage } from "../../contract";
import type { RelayOutcome, RelayProgress } from "../../relay-port";
import type { WriteResult } from "../table/connection-table";
import type { Refusal } from "./lease";
import type { HopTiming } from "./timing";

/**
 * One stream inside one hop, as a pure state machine. `transition(state, event)` returns the next state, at most one command (a
 * call of the table or Lambda) and effects on the relay. `run-stream.ts` executes one command at a time.
 *
 *   claiming ──► connecting ────┐ (overlap: connect under a claim, acquire at the first byte)
 *       │            ▼          │
 *       └──────► standing-by ───┤ (break: wait for the release, then acquire and connect)
 *                               ├──► holding ◄──► handing-over ──► lingering ──┐
 *   acquiring ──────────────────┘       │              │                       ├──► leaving ──► left
 *   (start, revive)                     └──────────────┴───────────────────────┘  (drain, then the final writes)
 */
export type StreamState =
  | { readonly phase: "claiming"; readonly generation: number; readonly commandAt: number }
  | { readonly phase: "acquiring"; readonly commandAt: number }
  | Connecting
  | StandingBy
  | Holding
  | HandingOver
  | { readonly phase: "lingering"; readonly lease: Lease; readonly until: number; readonly successor: ConnectionRow }
  | { readonly phase: "leaving"; readonly drained: boolean; readonly plan: ExitPlan; readonly commandAt: number }
  | { readonly phase: "left"; readonly reason: ExitReason };

export interface Connecting {
  readonly phase: "connecting";
  /** The generation it was named to succeed. */
  readonly generation: number;
  /** The claim expires. */
  readonly claimUntil: number;
  readonly acquireAt: number;
  /** The source's response heads may be late: do not wait for this one. */
  readonly lateHead: boolean;
}

/** Claimed, and without a connection until the predecessor releases the lease. */
export interface StandingBy {
  readonly phase: "standing-by";
  readonly generation: number;
  /** The upstream refused a second connection before. */
  readonly refusal?: Refusal;
  readonly since: number;
  /** When to extend the claim. */
  readonly claimAt: number;
  /** When to read the row. */
  readonly readAt: number;
  readonly giveUpAt: number;
}

/** Owner of the lease. */
export interface Holding {
  readonly phase: "holding";
  readonly lease: Lease;
  readonly handoverAt: number;
  /** A handover was requested before the deadline requires it. */
  readonly early: boolean;
}

/** Owner of the lease; a successor was invoked or has claimed the stream. */
export interface HandingOver {
  readonly phase: "handing-over";
  readonly lease: Lease;
  /** When to invoke again. */
  readonly invokeAt: readonly number[];
  /** Early only: return to holding at this time if no successor claimed. */
  readonly giveUpAt: number;
  readonly early: boolean;
}

export interface Lease {
  readonly generation: number;
  readonly desiredVersion: number;
  /** By our own clock, minus the margin. */
  readonly until: number;
  readonly renewAt: number;
  /** When the row last showed that we own the lease. */
  readonly seenAt: number;
  /** As last seen. */
  readonly row: ConnectionRow;
  /** When the stream may get another number of partition keys. */
  readonly slicesAt: number;
  /** A change of that number was requested, and no response has shown yet whether it was made. */
  readonly changingSlices?: boolean;
  /** An early handover is attempted once per requested release. */
  readonly attemptedRelease?: string;
  /** A slot stands for the predecessor's connection. */
  readonly hasSlot?: boolean;
}

/** The final writes, once everything that was read is stored. */
export type ExitPlan =
  | {
      readonly kind: "release";
      readonly lease: Lease;
      readonly status: Status;
      /** guarded: only if the hop was long enough to chain. always: a user requested it (stop, then start). */
      readonly invoke: "no" | "guarded" | "always";
      readonly reason: ExitReason;
      readonly outcome?: RelayOutcome;
      /** A successor follows and measures the gap. */
      readonly measureGap?: boolean;
      /** No hop connects before this time, which the refusal named. */
      readonly retryAt?: number;
    }
  | { readonly kind: "invoke"; readonly reason: ExitReason }
  | {
      readonly kind: "add-final-counters";
      readonly lease: Lease;
      /** The row of the present owner. */
      readonly successor: ConnectionRow;
      readonly reason: ExitReason;
      /** An attempt got no response. */
      readonly uncertain?: true;
    }
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "release-claim" }
  | { readonly kind: "nothing"; readonly reason: ExitReason };

/** Why a stream left its hop; in the log as `reason`. */
export type ExitReason =
  /** Another hop runs it, or it is stopped: no connection was opened. */
  | "not-needed"
  /** The claim ended before a connection delivered. */
  | "claim-lapsed"
  | "refused"
  /** A successor took over. */
  | "handed-over"
  /** Handed over by break: released, the successor invoked. */
  | "handed-over-by-break"
  /** Another hop acquired the lease after it expired. */
  | "superseded"
  /** No renew succeeded before the lease expired. */
  | "lease-lost"
  | "stopped"
  | "completed"
  | "failed"
  | "waiting"
  /** The deadline passed without a successor: released for the watchdog. */
  | "no-successor"
  /** The table, or the row, was deleted. */
  | "gone";

export type Command =
  | { readonly kind: "claim"; readonly generation: number }
  | { readonly kind: "acquire"; readonly claimed?: number; readonly waited?: boolean }
  | { readonly kind: "wait-for-release"; readonly generation: number; readonly refusal?: Refusal }
  | { readonly kind: "renew"; readonly lease: Lease; readonly status?: Status }
  | { readonly kind: "use-slices"; readonly lease: Lease }
  | { readonly kind: "release"; readonly plan: Extract<ExitPlan, { kind: "release" }> }
  | { readonly kind: "add-final-counters"; readonly plan: Extract<ExitPlan, { kind: "add-final-counters" }> }
  | { readonly kind: "refuse"; readonly refusal: Refusal }
  | { readonly kind: "release-claim" }
  | { readonly kind: "read" }
  /** Takes one of the connections that `source.maxConnections` leaves for handovers. */
  | { readonly kind: "take-slot"; readonly row: ConnectionRow }
  | { readonly kind: "return-slot" }
  /** With a generation: the successor claims. Without: it acquires. */
  | { readonly kind: "invoke"; readonly generation?: number };

export type Effect =
  /** Open the connection, under this generation. */
  | { readonly do: "connect"; readonly generation: number; readonly row: ConnectionRow }
  /** Stop reading at once; what was read is drained. */
  | { readonly do: "stop-reading" }
  /** The relay may connect again, or not. */
  | { readonly do: "reconnect"; readonly allowed: boolean }
  /** Every stream of the hop hands over at `at`. */
  | { readonly do: "early-handover-of-all"; readonly at: number };

export type HopEvent =
  | { readonly kind: "begin" }
  /** The time of `wakeAt` has passed. */
  | { readonly kind: "tick" }
  /** The table responded. */
  | { readonly kind: "response"; readonly to: Command; readonly written: WriteResult }
  /** The table (or Lambda) did not respond. */
  | { readonly kind: "no-response"; readonly to: Command }
  | { readonly kind: "invoked" }
  /** A slot was taken for a second connection, or none is free. */
  | { readonly kind: "slot"; readonly taken: boolean; readonly row: ConnectionRow }
  | { readonly kind: "slot-returned" }
  /** The stream that renewed for the hop has left: this one renews now. */
  | { readonly kind: "carry-beat" }
  /** Another stream of the hop found the request to hand over. */
  | { readonly kind: "early-handover"; readonly at: number }
  | { readonly kind: "progress"; readonly progress: RelayProgress }
  /** The connection ended. The relay waits for permission to connect again. */
  | { readonly kind: "dropped" }
  /** The relay left, drained. */
  | { readonly kind: "ended"; readonly outcome: RelayOutcome };

export interface Transition {
  readonly state: StreamState;
  readonly command?: Command;
  readonly effects?: readonly Effect[];
}

/** The current time, and what is constant during the hop. */
export interface HopContext {
  readonly now: number;
  readonly nonce: string;
  readonly enteredAt: number;
  readonly deadlineAt: number;
  readonly timing: HopTiming;
  readonly hop: string;
  /** When this stream began: the streams of a hop begin one after another. */
  readonly beganAt: number;
  /** Planned handover of all streams of the hop. */
  readonly handoverAt: number;
  /** Delay of an early handover, which spreads the handovers of a deployment. */
  readonly phaseMs: number;
  /** From the first invocation of a successor to the last time to stop reading: the streams connect one after another. */
  readonly handoverMs: number;
  /** Streams move between hops: another hop may connect without an invitation. */
  readonly sharing: boolean;
  /** This stream renews for the hop. */
  readonly carriesBeat: boolean;
  /** After this time, the watchdog may give the streams of the hop to another one. */
  readonly hopUntil: number;
  /** The last hop of its chain: the watchdog invokes its successor. */
  readonly endsChain: boolean;
  readonly handover: HandoverMode;
  readonly release: string;
  readonly storage: Storage;
  /** Partition keys that the settings request. */
  readonly slices: number;
  /** `source.maxConnections`. Undefined: no limit. */
  readonly maxConnections?: number;
}

/** With a generation to succeed: claim. Otherwise: acquire. */
export function begin({ generation }: HopStream): StreamState {
  const commandAt = Number.POSITIVE_INFINITY;
  return generation === undefined ? { phase: "acquiring", commandAt } : { phase: "claiming", generation, commandAt };
}

/**
 * Whether the hop may invoke the next one directly: it ran long enough, which prevents a chain of hops that do nothing but invoke, and
 * its chain is not at its end.
 */
export function mayChain(context: HopContext): boolean {
  return !context.endsChain && context.now - context.enteredAt >= context.timing.shortestHopMs;
}

export function modeOf(row: ConnectionRow, context: HopContext): "overlap" | "break" {
  if (context.handover !== "auto") return context.handover;
  const remembered = row.handoverMode;
  return remembered && remembered.until > context.now ? remembered.mode : "overlap";
}

/** The row names this owner, and no start or stop was written since. */
export function isOwner(row: ConnectionRow, lease: Lease, context: HopContext): boolean {
  const { generation, owner, desiredVersion } = row;
  return generation === lease.generation && owner === context.nonce && desiredVersion === lease.desiredVersion;
}

/** Epoch ms of the next tick. */
export function wakeAt(state: StreamState): number {
  switch (state.phase) {
    case "claiming":
    case "acquiring":
      return state.commandAt;
    case "connecting":
      return Math.min(state.claimUntil, state.acquireAt);
    case "standing-by":
      return Math.min(state.claimAt, state.readAt, state.giveUpAt);
    case "holding":
      return Math.min(state.lease.until, state.lease.renewAt, state.handoverAt);
    case "handing-over":
      return Math.min(state.lease.until, state.lease.renewAt, state.giveUpAt, ...state.invokeAt);
    case "lingering":
      return state.until;
    case "leaving":
      return state.drained ? state.commandAt : (leaseOf(state.plan)?.renewAt ?? Number.POSITIVE_INFINITY);
    case "left":
      return Number.POSITIVE_INFINITY;
  }
}

/** The lease to renew while draining: no other hop may acquire the stream before everything is stored. */
export function leaseOf(plan: ExitPlan): Lease | undefined {
  return plan.kind === "release" && plan.lease.row.desiredVersion === plan.lease.desiredVersion
    ? plan.lease
    : undefined;
}
