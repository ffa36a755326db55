import assert from "node:assert/strict";
import { type CloudFixture, isPhase, startFixture } from "../../cloud-fixture";

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

  it("invokes its function at once and then at its rate, at most once a second", async () => {
    const began = Date.now();
    await schedule("rate(1 minute)");
    const createdAt = Date.now();
    const [first, second] = await fixture.seen(isPhase("start"), 2);
    assert.ok(first!.at - createdAt < 1_000, `the first invocation came after ${first!.at - createdAt} ms`);
    assert.ok(second!.at - began >= 1_000, `the second invocation came after ${second!.at - began} ms`);
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
