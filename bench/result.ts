import type { DecodeRow } from "./decode";
import type { UnitsRow } from "./write-units";

export interface PathRow {
  readonly name: string;
  readonly database: string;
  readonly events: number;
  readonly eventsPerSecond: number;
  readonly cpuMicrosecondsPerEvent: number;
  readonly maxRssMegabytes: number;
  readonly rssMegabytes: readonly number[];
}

export interface Result {
  readonly date: string;
  readonly machine: string;
  readonly paths: readonly PathRow[];
  readonly decode: readonly { readonly ours: DecodeRow; readonly baseline: DecodeRow }[];
  readonly bundle: { readonly bytes: number; readonly importMs: number };
  readonly units: readonly UnitsRow[];
}
