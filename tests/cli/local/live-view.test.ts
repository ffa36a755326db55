import assert from "node:assert/strict";
import { displayWidth } from "../../../cli/local/display-width";
import { type LiveStream, liveView } from "../../../cli/local/live-view";
import { NO_TOTALS } from "../../../cli/local/totals";
import { ZERO_COUNTERS } from "../../../runtime/contract";

const stream = (streamId: string, more: Partial<LiveStream> = {}): LiveStream =>
  ({
    ...{ streamId, instance: "prices", status: "handing-over", generation: 1_700_000_000, attempt: 0 },
    counters: { ...ZERO_COUNTERS, received: 1_234_567, ignored: 8 },
    activity: { perSecond: 999.4, processedPerSecond: 999.4, lagMs: 12_345, failed: 17 },
    ...more,
  }) as LiveStream;

describe("the live view", () => {
  it("fits any width and height", () => {
    const streams = Array.from({ length: 60 }, (_, i) => stream(`${"long".repeat(i)}-${i}`));
    for (let columns = 8; columns <= 220; columns += 1)
      for (const rows of [1, 2, 3, 4, 5, 24, 60, 200]) {
        const lines = liveView(streams, NO_TOTALS, { columns, rows });
        assert.ok(lines.length <= Math.max(1, rows - 1), `${lines.length} lines in ${rows} rows`);
        for (const line of lines) assert.ok(line.length <= columns, `${line.length} in ${columns}: ${line}`);
      }
  });

  it("fits with names of wide characters and of 128 characters, and stays aligned", () => {
    const streams = [
      stream("a", { instance: "外国為替🚀é" }),
      stream("x".repeat(128)),
      stream("b", { instance: "e\u0301" }),
    ];
    for (let columns = 8; columns <= 220; columns += 1) {
      const lines = liveView(streams, NO_TOTALS, { columns, rows: 24 });
      for (const line of lines)
        assert.ok(displayWidth(line) <= columns, `${displayWidth(line)} in ${columns}: ${line}`);
    }
    const [header, ...rows] = liveView(streams, NO_TOTALS, { columns: 100, rows: 24 }).slice(0, 4);
    for (const row of rows) assert.equal(displayWidth(row), displayWidth(header!));
    assert.equal(displayWidth("外国為替🚀é e\u0301"), 13);
  });

  it("is sorted by instance and stream, and aligned", () => {
    const streams = [stream("b"), stream("a"), stream("z", { instance: "fx" })];
    const lines = liveView(streams, NO_TOTALS, { columns: 120, rows: 24 });
    assert.deepEqual(lines.slice(0, 4), [
      "STREAM           STATE  STORED/S     LAG  FAILED  IGNORED  RECEIVED         HOP",
      "fx/z      handing-over       999  12.3 s      17        8   1234567  1700000000",
      "prices/a  handing-over       999  12.3 s      17        8   1234567  1700000000",
      "prices/b  handing-over       999  12.3 s      17        8   1234567  1700000000",
    ]);
  });

  it("omits totals that do not fit, and cuts none of them", () => {
    const [total] = liveView([], NO_TOTALS, { columns: 50, rows: 24 });
    assert.equal(total, "0 received  0 stored (0/s)  0 processed (lag 0 ms)");
  });

  it("omits columns where the terminal is narrow, and streams where it is low", () => {
    const streams = ["a", "b", "c", "d"].map((id) => stream(id));
    const [header] = liveView(streams, NO_TOTALS, { columns: 50, rows: 24 });
    assert.equal(header, "STREAM           STATE  STORED/S     LAG  FAILED");
    const low = liveView(streams, NO_TOTALS, { columns: 80, rows: 6 });
    assert.deepEqual([low.length, low[3]], [5, "… and 2 more streams: stream-ingestion list"]);
  });
});
