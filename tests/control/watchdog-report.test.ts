import assert from "node:assert/strict";
import { type ConnectionRow, ZERO_COUNTERS } from "../../runtime/contract";
import { report, reportMetrics } from "../../runtime/control/watchdog/report";

const NOW = 10_000_000;
const ACTIONS = { invoked: [], left: 0 };
const MINUTE = 60_000;
const row = (over: Partial<ConnectionRow> = {}): ConnectionRow => ({
  streamId: "s",
  v: 1,
  desired: "open",
  desiredVersion: 1,
  status: "open",
  generation: 3,
  attempt: 0,
  owner: "n",
  expiresAt: NOW + 1,
  counters: ZERO_COUNTERS,
  ...over,
});
const lasting = { unstoredSince: NOW - MINUTE, throttledSince: NOW - MINUTE, mute: { since: 0, until: MINUTE } };
const brief = {
  unstoredSince: NOW - MINUTE + 1,
  throttledSince: NOW - MINUTE + 1,
  mute: { since: 0, until: MINUTE - 1 },
};

describe("the watchdog's report", () => {
  it("counts one useless stream among a hundred good ones, once it has been useless for a minute", () => {
    const good = Array.from({ length: 100 }, () => row(brief));
    const { streams, down, failed, notStoring, throttled, mute } = report([...good, row(lasting)], NOW, ACTIONS);
    assert.deepEqual([streams, down, failed, notStoring, throttled, mute], [101, 0, 0, 1, 1, 1]);
  });

  it("counts no stream that is stopped, completed or failed as useless", () => {
    const rows = [
      row({ ...lasting, desired: "closed" }),
      row({ ...lasting, status: "completed" }),
      row({ ...lasting, status: "failed" }),
    ];
    const { failed, notStoring, throttled, mute } = report(rows, NOW, ACTIONS);
    assert.deepEqual([failed, notStoring, throttled, mute], [1, 0, 0, 0]);
  });

  it("counts a stream without a live lease as down", () => {
    assert.equal(report([row({ expiresAt: NOW })], NOW, ACTIONS).down, 1);
  });

  it("writes one value for each number, and one for the run", () => {
    assert.deepEqual(reportMetrics(report([row(lasting)], NOW, ACTIONS)), {
      WatchdogRuns: 1,
      StreamsDown: 0,
      StreamsFailed: 0,
      StreamsNotStoring: 1,
      StreamsThrottled: 1,
      StreamsMute: 1,
    });
  });
});
