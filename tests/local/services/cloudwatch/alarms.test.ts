import assert from "node:assert/strict";
import { type AlarmSpec, createAlarms } from "../../../../local/services/cloudwatch/alarms";
import { createLogStore } from "../../../../local/services/logs/log-store";
import { emfLine, metricUnit } from "../../../../runtime/support/metrics";

const NOW = 10_000_000;
const ALARM: AlarmSpec = {
  name: "down",
  namespace: "StreamIngestion",
  metricName: "StreamsDown",
  dimensions: { Deployment: "prices" },
  statistic: "Maximum",
  comparisonOperator: "GreaterThanThreshold",
  threshold: 0,
  period: 60,
  evaluationPeriods: 2,
};

describe("alarms of the local cloud", () => {
  /** @param points minutes ago and value */
  function inAlarm(
    points: readonly (readonly [number, number])[],
    alarm: Partial<AlarmSpec> = {},
    deployment = "prices",
  ) {
    const logs = createLogStore();
    for (const [minutesAgo, value] of points) {
      const at = NOW - minutesAgo * 60_000;
      logs.add({ group: "g", at, text: emfLine(deployment, at, { StreamsDown: value }, metricUnit) });
    }
    logs.add({ group: "g", at: NOW - 1, text: "_aws StreamsDown {" });
    const alarms = createAlarms(logs, () => NOW);
    alarms.put({ ...ALARM, ...alarm });
    return alarms.state("down")?.inAlarm;
  }

  it("are in ALARM when every period breaches", () => {
    assert.equal(
      inAlarm([
        [0.5, 1],
        [1.5, 2],
      ]),
      true,
    );
  });

  it("are OK when one period does not breach, has no data, or has data of another deployment only", () => {
    assert.equal(
      inAlarm([
        [0.5, 1],
        [1.5, 0],
      ]),
      false,
    );
    assert.equal(inAlarm([[0.5, 1]]), false);
    assert.equal(
      inAlarm(
        [
          [0.5, 1],
          [1.5, 2],
        ],
        {},
        "news",
      ),
      false,
    );
  });

  it("treat periods without data as breaching only if they are declared so", () => {
    const runs = { comparisonOperator: "LessThanThreshold", threshold: 1, statistic: "Sum" };
    assert.equal(inAlarm([], { ...runs, treatMissingData: "breaching" }), true);
    assert.equal(inAlarm([[1.5, 1]], { ...runs, treatMissingData: "breaching" }), false);
    assert.equal(inAlarm([], { ...runs, treatMissingData: "notBreaching" }), false);
  });

  it("count a value of the current millisecond once", () => {
    assert.equal(inAlarm([[0, 1]], { evaluationPeriods: 1 }), true);
    assert.equal(inAlarm([[1, 1]], { evaluationPeriods: 1 }), false);
  });

  it("use their statistic and comparison", () => {
    const points = [
      [0.2, 20],
      [0.4, 20],
    ] as const;
    const sums = { statistic: "Sum", threshold: 30, evaluationPeriods: 1 };
    assert.equal(inAlarm(points, sums), true);
    assert.equal(inAlarm(points, { ...sums, statistic: "Maximum" }), false);
    assert.equal(
      inAlarm(points, { ...sums, threshold: 40, comparisonOperator: "GreaterThanOrEqualToThreshold" }),
      true,
    );
    assert.equal(inAlarm(points, { ...sums, comparisonOperator: "LessThanThreshold" }), false);
  });

  it("keep the time at which they took their state", () => {
    const clock = { now: NOW };
    const logs = createLogStore();
    const alarms = createAlarms(logs, () => clock.now);
    alarms.put({ ...ALARM, evaluationPeriods: 1, alarmDescription: "A stream is down." });
    clock.now += 5_000;
    const before = { name: "down", description: "A stream is down.", inAlarm: false, since: NOW };
    assert.deepEqual(alarms.state("down"), before);
    logs.add({ group: "g", at: clock.now, text: emfLine("prices", clock.now, { StreamsDown: 1 }, metricUnit) });
    assert.deepEqual(alarms.state("down"), { ...before, inAlarm: true, since: NOW + 5_000 });
    clock.now += 1_000;
    assert.equal(alarms.state("down")?.since, NOW + 5_000);
    alarms.remove("down");
    assert.equal(alarms.state("down"), undefined);
  });
});
