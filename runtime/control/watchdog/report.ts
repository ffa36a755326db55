import { type ConnectionRow, isMute, METRIC, STATUS } from "../../contract";
import { isDown } from "./decision";
import { isLost, lostHops } from "./lost-hops";

/** What one run of the watchdog found, as numbers of streams, and what it did. */
export interface WatchdogReport {
  readonly streams: number;
  /** Should run and did not, at the start of this run. */
  readonly down: number;
  readonly failed: number;
  readonly notStoring: number;
  readonly throttled: number;
  readonly mute: number;
  readonly invoked: readonly string[];
  /** Actions left to the next run for lack of time. */
  readonly left: number;
}

/** A state of a stream counts when it has lasted this long. An event that waits for its write is not a fault. */
const LASTING_MS = 60_000;

export function report(
  rows: readonly ConnectionRow[],
  now: number,
  { invoked, left }: Pick<WatchdogReport, "invoked" | "left">,
): WatchdogReport {
  const lost = lostHops(rows, now);
  const wanted = rows.filter(({ desired, status }) => desired === "open" && status !== STATUS.completed);
  const running = wanted.filter(({ status }) => status !== STATUS.failed);
  const lasting = (since: (row: ConnectionRow) => number | undefined) =>
    running.filter((row) => now - (since(row) ?? now) >= LASTING_MS).length;
  return {
    streams: rows.length,
    down: rows.filter((row) => isDown(row, now, isLost(row, lost))).length,
    failed: wanted.length - running.length,
    notStoring: lasting((row) => row.unstoredSince),
    throttled: lasting((row) => row.throttledSince),
    mute: running.filter(isMute).length,
    invoked,
    left,
  };
}

export function reportMetrics(report: WatchdogReport): Record<string, number> {
  return {
    [METRIC.watchdogRuns]: 1,
    [METRIC.streamsDown]: report.down,
    [METRIC.streamsFailed]: report.failed,
    [METRIC.streamsNotStoring]: report.notStoring,
    [METRIC.streamsThrottled]: report.throttled,
    [METRIC.streamsMute]: report.mute,
  };
}
