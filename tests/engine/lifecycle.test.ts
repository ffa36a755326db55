import assert from "node:assert/strict";
import { type Overrides, program } from "./deployment";
import type { Step } from "./engine-stack";
import { policiesThatComeLate } from "./policy-order";
import { useEngine } from "./use-engine";

/** Whose replacement would lose data, or start a stream's processing from its horizon again. */
const STATEFUL = /:(Table|Bucket|Secret|EventSourceMapping|RestApi)$/;

/** Plain values, as a careless user writes them. */
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

/** One changed argument, and all that may be touched by it. */
const CHANGES: readonly (readonly [what: string, args: (base: BaseArgs) => Overrides, touched: readonly string[]])[] = [
  [
    "the key of the upstream",
    ({ source }) => ({ source: { ...source, key: "plain-new-key" } }),
    ["prices-source-version"],
  ],
  [
    "the memory of the relay",
    () => ({ relay: { memorySize: 512 } }),
    // The watchdog knows the release that it asks the owners of streams to hand over to.
    ["prices-connection-manager", "prices-watchdog"],
  ],
  ["the batch size", ({ processor }) => ({ processor: { ...processor, batchSize: 7 } }), ["prices-mapping"]],
  [
    "the processor's environment",
    ({ processor }) => ({ processor: { ...processor, environment: { DATABASE_PASSWORD: "plain-new-password" } } }),
    ["prices-event-processor"],
  ],
  [
    "the declared streams",
    () => ({ streams: ["EUR_USD", "BTC_USD"] }),
    // More streams make more hops before that is a storm.
    ["prices-declared", "prices-hop-rate"],
  ],
  [
    "what a heartbeat is",
    ({ source }) => ({ source: { ...source, on: [{ type: "ping", action: "ignore" }] } }),
    ["prices-connection-manager", "prices-watchdog"],
  ],
  [
    "who may call the API",
    () => ({ api: { allowedCidrs: ["203.0.113.0/24"] } }),
    ["prices-api", "prices-api-deployment", "prices-api-stage"],
  ],
  ["what a destroy does", () => ({ removal: "retain" }), ["prices-bucket", "prices-source"]],
];

type BaseArgs = Required<Pick<Overrides, "source" | "processor">>;

describe("StreamIngestion under Pulumi's engine", () => {
  const engine = useEngine();
  const base = (): BaseArgs => {
    const { processor } = program.defaults;
    return { source: PLAIN.source, processor: { ...processor, ...PLAIN.processor } };
  };

  it("comes up from nothing, of types that all have a counterpart here", async () => {
    const { outputs, steps } = await engine.stack.up(program(base()));
    assert.match(String(outputs.apiUrl), /^http:\/\/127\.0\.0\.1:\d+\/.*\/v1$/);
    assert.ok(steps.length > 30 && steps.every(({ op }) => op === "create"));
    assert.deepEqual(engine.reports, []);
  });

  it("changes nothing at the second up", async () => {
    assert.deepEqual((await engine.stack.up(program(base()))).steps, []);
  });

  it("keeps every value of the upstream and the processor's environment out of the plain state", async () => {
    const checkpoint = engine.stack.checkpoint();
    assert.match(checkpoint, /prices-source-version/);
    assert.deepEqual(checkpoint.match(/plain-[a-z-]+/g) ?? [], []);
  });

  it("attaches every policy before what uses it", async () => {
    const resources = await engine.stack.resources();
    assert.ok(resources.some(({ type }) => type === "aws:scheduler/schedule:Schedule"));
    assert.deepEqual(policiesThatComeLate(resources), []);
  });

  it("finds nothing to correct at a refresh", async () => {
    const { same, ...others } = await engine.stack.refresh();
    assert.ok((same ?? 0) > 30);
    assert.deepEqual(others, {});
  });

  for (const [what, args, touched] of CHANGES) {
    it(`touches nothing but ${touched.join(", ")} when ${what} changes`, async () => {
      const { steps } = await engine.stack.preview(program({ ...base(), ...args(base()) }));
      assert.deepEqual(names(steps), [...touched].sort());
      assert.deepEqual(steps.filter(replacesState), []);
    });
  }

  it("replaces no child that holds state, whatever changes at once, and takes it back again", async () => {
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

  it("goes without a trace where removal is delete", async () => {
    await engine.stack.destroy();
    assert.deepEqual(await engine.stack.resources(), []);
    assert.equal(engine.count(), 0);
  });
});

/** Children that a step touches; the component itself is nothing but its arguments. */
function names(steps: readonly Step[]): string[] {
  const children = steps.filter(({ type }) => type.startsWith("aws:"));
  return [...new Set(children.map(({ name }) => name))].sort();
}

function replacesState({ op, type }: Step): boolean {
  return STATEFUL.test(type) && /replace|delete/.test(op);
}
