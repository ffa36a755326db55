import type { HandoverMode } from "../../contract";
import type { Relay, RelayOptions } from "../../relay-port";
import type { ControlDeps } from "../deps";
import type { InvokeStream } from "./batch-invokes";
import type { HandoverMeasurement } from "./handover";
import type { HopTiming } from "./timing";

/** What one stream of a hop is given. */
export interface StreamDeps extends Omit<HopDeps, "invoke"> {
  readonly invokeStream: InvokeStream;
}

/** What a hop is given. */
export interface HopDeps extends ControlDeps {
  readonly createRelay: (options: RelayOptions) => Relay;
  readonly handover: HandoverMode;
  /** A hand-over is complete, and measured by the side that left or came last. */
  readonly onHandover?: (measured: HandoverMeasurement) => void;
  /** Hash of bundle and settings, from the environment. */
  readonly release: string;
}

/** The invocation that a stream finds itself in; it may hold others. Times are epoch milliseconds. */
export interface HopInvocation {
  readonly enteredAt: number;
  readonly deadlineAt: number;
  readonly timing: HopTiming;
}
