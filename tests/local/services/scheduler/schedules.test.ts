import assert from "node:assert/strict";
import { mock } from "node:test";
import { createSchedules } from "../../../../local/services/scheduler/schedules";
import { type CloudFixture, isPhase, startFixture } from "../../cloud-fixture";

describe("schedules", () => {
  beforeEach(() => mock.timers.enable({ apis: ["setTimeout", "setInterval"] }));
  afterEach(() => mock.timers.reset());

  /** Milliseconds until each invocation of the first five seconds. */
  function invokedAt(expression: string, timeScale: number, enabled = true): number[] {
    const times: number[] = [];
    let now = 0;
    const schedules = createSchedules(timeScale);
    schedules.put({ name: "every", expression, enabled, invoke: () => times.push(now) });
    for (; now <= 5_000; now += 100) mock.timers.tick(now === 0 ? 1 : 100);
    schedules.close();
    mock.timers.tick(60_000);
    return times;
  }

  it("invoke at once and then at their rate, until they are closed", () => {
    assert.deepEqual(invokedAt("rate(2 minutes)", 1 / 60), [0, 2_000, 4_000]);
  });

  it("invoke at most once a second", () => {
    assert.deepEqual(invokedAt("rate(1 minute)", 1 / 900), [0, 1_000, 2_000, 3_000, 4_000, 5_000]);
  });

  it("invoke nothing while they are disabled", () => {
    assert.deepEqual(invokedAt("rate(1 minute)", 1 / 900, false), []);
  });
});

describe("schedule", () => {
  let fixture: CloudFixture;

  beforeEach(async () => {
    fixture = await startFixture({ hopSeconds: 5 });
  });

  afterEach(() => fixture.cloud.close());

  async function schedule(expression: string, may = true) {
    const { arn } = await fixture.createFunction("watchdog", "exports.handler = async (event) => console.log(event);");
    const role = await fixture.create("aws:iam/role:Role", "scheduler", {});
    await fixture.create("aws:iam/rolePolicy:RolePolicy", "scheduler", {
      role: role.name,
      policy: JSON.stringify({
        Statement: [{ Effect: "Allow", Action: may ? "lambda:InvokeFunction" : "sns:Publish", Resource: arn }],
      }),
    });
    return fixture.create("aws:scheduler/schedule:Schedule", "every", {
      scheduleExpression: expression,
      flexibleTimeWindow: { mode: "OFF" },
      target: { arn, roleArn: role.arn },
    });
  }

  it("invokes its function again and again", async () => {
    await schedule("rate(1 minute)");
    await fixture.seen(isPhase("start"), 2);
  });

  it("invokes nothing without its role's permission", async () => {
    await schedule("rate(1 minute)", false);
    const isDenied = (event: (typeof fixture.events)[number]): event is typeof event =>
      event.kind === "call" && !event.allowed && event.action === "lambda:InvokeFunction";
    await fixture.seen(isDenied);
    assert.equal(fixture.events.filter(isPhase("start")).length, 0);
  });

  it("rejects an unsupported expression and names a supported one", async () => {
    await assert.rejects(schedule("cron(0 12 * * ? *)"), /Expected a schedule like rate\(5 minutes\), got cron/);
  });
});
