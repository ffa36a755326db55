import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { METRIC, METRIC_DIMENSION, METRIC_NAMESPACE, ZERO_COUNTERS } from "../../runtime/contract";
import { hopMeter } from "../../runtime/control/hop/metrics";
import type { Relay, RelaySnapshot } from "../../runtime/relay-port";
import { emfMetrics, metricUnit } from "../../runtime/support/metrics";
import { fakeClock } from "../fakes/fake-clock";

const ROOT = resolve(__dirname, "../..");

describe("hop metrics", () => {
  it("writes each count once: every minute and at the end, summed over the streams of the hop", async () => {
    const clock = fakeClock();
    const written: Record<string, number>[] = [];
    const meter = hopMeter(clock, (values) => written.push({ ...values }));
    const snapshots: RelaySnapshot[] = [1, 2].map(() => ({
      counters: ZERO_COUNTERS,
      attempt: 0,
      history: {},
      health: {},
    }));
    snapshots.forEach((_, i) => {
      meter.watch({ snapshot: () => snapshots[i]!, run: () => new Promise(() => {}) } satisfies Relay);
    });
    const done = new AbortController();
    const running = meter.run(done.signal);
    const since = clock.now();
    snapshots[0] = {
      counters: { ...ZERO_COUNTERS, received: 5, stored: 4, inFlight: 1 },
      attempt: 0,
      history: {},
      health: {},
      connectedSince: since,
    };
    snapshots[1] = {
      counters: { ...ZERO_COUNTERS, received: 5, stored: 2, inFlight: 3 },
      attempt: 0,
      history: {},
      health: {},
    };
    await clock.advance(60_000);
    snapshots[0] = { ...snapshots[0]!, counters: { ...ZERO_COUNTERS, received: 6, stored: 6 } };
    await clock.advance(30_000);
    done.abort();
    await running;

    assert.deepEqual(
      written.map((values) => values[METRIC.received]),
      [undefined, 10, 1],
    );
    assert.deepEqual(
      written.map((values) => values[METRIC.stored]),
      [undefined, 6, 2],
    );
    assert.deepEqual(
      written.map((values) => values[METRIC.buffered]),
      [undefined, 4, 3],
    );
    assert.deepEqual(
      written.map((values) => values[METRIC.sinceLastByteMs]),
      [undefined, 60_000, 90_000],
    );
    assert.equal(written[0]![METRIC.hops], 1);
  });

  it("writes a metric for each counter of events that were not stored, only when it counts", async () => {
    const clock = fakeClock();
    const written: Record<string, number>[] = [];
    const meter = hopMeter(clock, (values) => written.push({ ...values }));
    let counters = ZERO_COUNTERS;
    meter.watch({
      snapshot: () => ({ counters, attempt: 0, history: {}, health: {} }),
      run: () => new Promise(() => {}),
    });
    const done = new AbortController();
    const running = meter.run(done.signal);
    await clock.advance(60_000);
    const seven = { ignored: 1, suppressed: 2, repeated: 3, conflicting: 4, refused: 5, abandoned: 6, resumeLost: 7 };
    counters = { ...ZERO_COUNTERS, ...seven, throttled: 8 };
    await clock.advance(60_000);
    done.abort();
    await running;
    const always = { EventsReceived: 0, EventsStored: 0, BytesReceived: 0, EventsBuffered: 0 };
    assert.deepEqual(written[1], always);
    assert.deepEqual(written[2], {
      ...always,
      EventsIgnored: 1,
      EventsSuppressed: 2,
      EventsRepeated: 3,
      EventsConflicting: 4,
      EventsRefused: 5,
      EventsAbandoned: 6,
      ResumeLost: 7,
      WritesThrottled: 8,
    });
  });

  it("writes a handover with its gap, or without one when it could not be measured", () => {
    const written: Record<string, number>[] = [];
    const meter = hopMeter(fakeClock(), (values) => written.push({ ...values }));
    meter.onHandover({ mode: "overlap", overlapMs: 3, gapMs: -20 });
    meter.onHandover({ mode: "break", overlapMs: 0 });
    assert.deepEqual(written.slice(1), [
      { [METRIC.handovers]: 1, [METRIC.handoverGapMs]: -20 },
      { [METRIC.handovers]: 1 },
    ]);
  });

  it("writes EMF lines with the deployment as the only dimension", () => {
    const lines: string[] = [];
    emfMetrics(
      "prices",
      (line) => lines.push(line),
      () => 42,
    )({ [METRIC.received]: 3, [METRIC.handoverGapMs]: 5 });
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      [
        {
          _aws: {
            Timestamp: 42,
            CloudWatchMetrics: [
              {
                Namespace: METRIC_NAMESPACE,
                Dimensions: [[METRIC_DIMENSION]],
                Metrics: [
                  { Name: METRIC.received, Unit: "Count" },
                  { Name: METRIC.handoverGapMs, Unit: "Milliseconds" },
                ],
              },
            ],
          },
          [METRIC_DIMENSION]: "prices",
          [METRIC.received]: 3,
          [METRIC.handoverGapMs]: 5,
        },
      ],
    );
    emfMetrics("prices", (line) => lines.push(line))({});
    assert.equal(lines.length, 1, "no values, no line");
  });

  it("are all written by a function, so that each panel of the dashboard has data", () => {
    const files = globSync("runtime/**/*.ts", { cwd: ROOT }).filter((file) => !file.endsWith("contract.ts"));
    const sources = files.map((file) => readFileSync(join(ROOT, file), "utf8")).join("\n");
    const contract = readFileSync(join(ROOT, "runtime/contract.ts"), "utf8");
    // The processor's bundle has its metrics as constants.
    const isWritten = ([key, name]: [string, string]) => {
      const constant = new RegExp(`export const (\\w+) = "${name}"`).exec(contract)?.[1];
      return sources.includes(constant === undefined ? `METRIC.${key}` : `[${constant}]`);
    };
    assert.deepEqual(
      Object.entries(METRIC).filter((metric) => !isWritten(metric)),
      [],
    );
  });

  it("derives the unit from the name", () => {
    const units = Object.fromEntries(Object.values(METRIC).map((name) => [name, metricUnit(name)]));
    assert.equal(units[METRIC.bytes], "Bytes");
    for (const name of [METRIC.handoverGapMs, METRIC.sinceLastByteMs, METRIC.processorLagMs]) {
      assert.equal(units[name], "Milliseconds");
    }
    assert.equal(Object.values(units).filter((unit) => unit === "Count").length, Object.keys(units).length - 4);
  });
});
