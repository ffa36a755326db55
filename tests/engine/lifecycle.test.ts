import assert from "node:assert/strict";
import { type Overrides, program } from "./deployment";
import type { Step } from "./engine-stack";
import { latePolicies } from "./policy-order";
import { useEngine } from "./use-engine";

/** Types whose replacement would lose data, or process a stream again from its horizon. */
const STATEFUL = /:(Table|Bucket|Secret|EventSourceMapping|RestApi)$/;

/** Secret values without pulumi.secret. */
const PLAIN = {
  source: {
    url: "https://plain-origin.example",
    path: "/plain-path/{streamId}",
    key: "plain-key",
    headers: { "x-client": "plain-header" },
    query: { account: "plain-query" },
  },
  processor: { environment: { DATABASE_PASSWORD: "plain-password" } },
};

type BaseArgs = Required<Pick<Overrides, "source" | "processor">>;

describe("StreamIngestion under the Pulumi engine", () => {
  const engine = useEngine();
  const base = (): BaseArgs => {
    const { processor } = program.defaults;
    return { source: PLAIN.source, processor: { ...processor, ...PLAIN.processor } };
  };

  it("is created with supported types only", async () => {
    const { outputs, steps } = await engine.stack.up(program(base()));
    assert.match(String(outputs.apiUrl), /^http:\/\/127\.0\.0\.1:\d+\/.*\/v1$/);
    assert.ok(steps.length > 30 && steps.every(({ op }) => op === "create"));
    assert.deepEqual(engine.reports, []);
  });

  it("changes nothing at the second up", async () => {
    assert.deepEqual((await engine.stack.up(program(base()))).steps, []);
  });

  it("keeps the values of the upstream and the processor's environment encrypted in the state", async () => {
    const checkpoint = engine.stack.checkpoint();
    assert.match(checkpoint, /prices-source-version/);
    assert.deepEqual(checkpoint.match(/plain-[a-z-]+/g) ?? [], []);
  });

  it("creates every policy before its users", async () => {
    const resources = await engine.stack.resources();
    assert.ok(resources.some(({ type }) => type === "aws:scheduler/schedule:Schedule"));
    assert.deepEqual(latePolicies(resources), []);
  });

  it("finds no difference at a refresh", async () => {
    const { same, ...others } = await engine.stack.refresh();
    assert.ok((same ?? 0) > 30);
    assert.deepEqual(others, {});
  });

  it("replaces no child with state when many arguments change, and reverts the change", async () => {
    const { source, processor } = base();
    const everything: Overrides = {
      source: { ...source, format: "lines", auth: { kind: "header", name: "x-key" }, idleTimeoutSeconds: 30 },
      processor: { ...processor, memorySize: 512, timeoutSeconds: 30, batchSize: 7 },
      streams: ["EUR_USD"],
      relay: { handover: "break", memorySize: 512, streamsPerHop: 2 },
      events: { identity: { kind: "pointer", pointer: "/id" }, ttlDays: 3, maxEventBytes: 4096, slices: 4 },
      api: { authorization: "iam-and-api-key", allowedCidrs: ["203.0.113.0/24"] },
      alarms: { topicArn: "arn:aws:sns:us-east-1:000000000000:pager" },
      tags: { team: "markets" },
    };
    const there = await engine.stack.up(program(everything));
    assert.ok(there.steps.length > 20);
    assert.deepEqual(there.steps.filter(replacesState), []);
    const back = await engine.stack.up(program(base()));
    assert.deepEqual(back.steps.filter(replacesState), []);
    assert.deepEqual((await engine.stack.preview(program(base()))).steps, []);
  });

  it("leaves no resource behind with removal: delete", async () => {
    await engine.stack.destroy();
    assert.deepEqual(await engine.stack.resources(), []);
    assert.equal(engine.count(), 0);
  });
});

function replacesState({ op, type }: Step): boolean {
  return STATEFUL.test(type) && /replace|delete/.test(op);
}
