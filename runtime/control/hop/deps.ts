import type { HandoverMode, Storage } from "../../contract";
import type { Relay, RelayOptions } from "../../relay-port";
import type { ControlDeps } from "../deps";
import type { InvokeStream } from "./batch-invokes";
import type { HandoverMeasurement } from "./handover";
import type { HopBeat } from "./hop-beat";
import type { HopCapacity } from "./load";
import type { HopEvent } from "./state";
import type { HopTiming } from "./timing";

/** Dependencies of one stream of a hop. */
export interface StreamDeps extends Omit<HopDeps, "invoke"> {
  readonly invokeStream: InvokeStream;
  /** Sends an event to every stream of the hop. */
  readonly broadcast: (event: HopEvent) => void;
  /** Absent: the hop carries one stream, which renews its own lease. */
  readonly beat?: HopBeat;
  /** Called by each stream with the function that takes such events. */
  readonly listen: (put: (event: HopEvent) => void) => void;
}

/** Dependencies of a hop. */
export interface HopDeps extends ControlDeps {
  readonly createRelay: (options: RelayOptions) => Relay;
  readonly handover: HandoverMode;
  /** How events are stored. @default "each" */
  readonly storage?: Storage;
  /** Partition keys of a stream. @default 1 */
  readonly slices?: number;
  /** Hops of one chain of self-invocations. The watchdog invokes the hop after the last. @default no limit */
  readonly longestChain?: number;
  /** Called when a handover is complete, by the hop that measured it. */
  readonly onHandover?: (measured: HandoverMeasurement) => void;
  /** Hash of the code and the settings that run. */
  readonly release: string;
  /** What a hop carries. @default that of 256 MB */
  readonly capacity?: HopCapacity;
  /** Streams may share a hop, so the watchdog moves them. @default false */
  readonly sharing?: boolean;
}

/** The invocation that runs a stream, and possibly other streams. Times are epoch milliseconds. */
export interface HopInvocation {
  readonly enteredAt: number;
  readonly deadlineAt: number;
  readonly timing: HopTiming;
  /** Identifies the invocation in the rows of its streams. */
  readonly hop: string;
  /** Planned handover of all its streams. */
  readonly handoverAt: number;
  /** Delay of an early handover: the hop's stable share of `timing.phaseMs`. */
  readonly phaseMs: number;
  /** The lead, and the time in which the successor's streams begin. */
  readonly handoverMs: number;
  /** Streams move between hops. */
  readonly sharing: boolean;
  /** The last hop of its chain: it leaves the invocation of its successor to the watchdog. */
  readonly endsChain: boolean;
}
