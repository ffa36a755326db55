import type { HandoverMode } from "../../contract";
import type { Relay, RelayOptions } from "../../relay-port";
import type { ControlDeps } from "../deps";
import type { InvokeStream } from "./batch-invokes";
import type { HandoverMeasurement } from "./handover";
import type { HopTiming } from "./timing";

/** Dependencies of one stream of a hop. */
export interface StreamDeps extends Omit<HopDeps, "invoke"> {
  readonly invokeStream: InvokeStream;
}

/** Dependencies of a hop. */
export interface HopDeps extends ControlDeps {
  readonly createRelay: (options: RelayOptions) => Relay;
  readonly handover: HandoverMode;
  /** Hops of one chain of self-invocations. The watchdog invokes the hop after the last. @default no limit */
  readonly longestChain?: number;
  /** Called when a handover is complete, by the hop that measured it. */
  readonly onHandover?: (measured: HandoverMeasurement) => void;
  /** Hash of bundle and settings, from the environment. */
  readonly release: string;
}

/** The invocation that runs a stream, and possibly other streams. Times are epoch milliseconds. */
export interface HopInvocation {
  readonly enteredAt: number;
  readonly deadlineAt: number;
  readonly timing: HopTiming;
  /** The last hop of its chain: it leaves the invocation of its successor to the watchdog. */
  readonly endsChain: boolean;
}
