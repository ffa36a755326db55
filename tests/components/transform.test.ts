import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion, type StreamIngestionOptions } from "../../components";
import { merge, TRANSFORM_NAMES } from "../../components/transform";
import { type Evaluated, evaluate } from "../mocks/recording-monitor";
import { requiredArgs } from "./arguments";

const deployed = (transform: StreamIngestionOptions["transform"], args = {}) =>
  evaluate(() => new StreamIngestion("in", requiredArgs(args), { transform }));

async function refusal(transform: unknown): Promise<string> {
  let message = "";
  await evaluate(() => {
    try {
      new StreamIngestion("in", requiredArgs(), { transform: transform as StreamIngestionOptions["transform"] });
    } catch (error) {
      message = (error as Error).message;
    }
  });
  return message;
}

describe("transform", () => {
  it("reaches every child, by its Pulumi name", async () => {
    const reached = new Set<string>();
    const every = Object.fromEntries(
      Object.keys(TRANSFORM_NAMES).map((key) => [key, (_args: object, name: string) => void reached.add(name)]),
    );
    const evaluated = await deployed(every, {
      account: { kmsKeyArn: "arn:aws:kms:eu-west-1:123456789012:key/1" },
      api: {
        authorization: "iam-and-api-key",
        accessLogs: true,
        allowedCidrs: ["203.0.113.0/24"],
        privateApi: { vpcId: "vpc-1", subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] },
      },
    });
    const children = evaluated.resources.filter(({ type }) => type.startsWith("aws:")).map(({ name }) => name);
    assert.deepEqual([...reached].sort(), [...new Set(children)].sort());
  });

  describe("with values and functions", () => {
    let evaluated: Evaluated;
    before(async () => {
      evaluated = await deployed({
        functions: { environment: { variables: { LOG_LEVEL: "debug" } } },
        connectionManager: { timeout: 600 },
        eventTable: (args) => ({ ...args, deletionProtectionEnabled: true }),
        connectionTable(args) {
          args.deletionProtectionEnabled = true;
        },
        logGroups: (args, name) => (name === "in-watchdog-logs" ? { ...args, retentionInDays: 90 } : args),
      });
    });

    it("merges maps: one more environment variable leaves the others", () => {
      for (const { inputs, name } of evaluated.all("aws:lambda/function:Function")) {
        assert.equal(inputs.environment.variables.LOG_LEVEL, "debug", name);
        assert.equal(inputs.environment.variables.STREAM_INGESTION_DEPLOYMENT, "project-stack-in", name);
      }
    });

    it("applies a child's own transform in addition to that of its kind", () => {
      const { inputs } = evaluated.one("aws:lambda/function:Function", "in-connection-manager");
      assert.deepEqual([inputs.timeout, inputs.environment.variables.LOG_LEVEL], [600, "debug"]);
    });

    it("accepts a function that returns arguments, and one that changes them and returns nothing", () => {
      for (const { inputs } of evaluated.all("aws:dynamodb/table:Table")) {
        assert.equal(inputs.deletionProtectionEnabled, true);
        assert.equal(inputs.hashKey, "streamId");
      }
      const days = evaluated.all("aws:cloudwatch/logGroup:LogGroup").map(({ inputs }) => inputs.retentionInDays);
      assert.deepEqual(days.sort(), [30, 30, 30, 30, 90]);
    });
  });

  it("refuses a child that does not exist, by name", async () => {
    assert.match(
      await refusal({ lambda: {} }),
      /^Expected `transform` to be one or more of alarms, .*, got "lambda"\.$/,
    );
  });

  it("rejects a transform that is neither arguments nor a function, and a function that returns neither", async () => {
    assert.equal(
      await refusal({ stage: 5 }),
      "Expected `transform.stage` to be arguments to merge or a function, got 5.",
    );
    assert.equal(
      await refusal({ stage: async () => ({}) }),
      "Expected the return value of `transform.stage` for in-api-stage to be the arguments or undefined, got a promise.",
    );
    const output = ({ stageName }: { stageName: unknown }) => pulumi.output({ stageName });
    assert.match(await refusal({ stage: output }), /to be the arguments or undefined, got an Output\.$/);
  });

  it("is an object with its own names", async () => {
    for (const [transform, got] of [
      [null, "null"],
      [() => ({}), "a function"],
      [["stage"], '["stage"]'],
    ])
      assert.equal(
        await refusal(transform),
        `Expected \`transform\` to be an object such as { logGroups: { skipDestroy: true } }, got ${got}.`,
      );
    assert.match(
      await refusal({ constructor: {} }),
      /^Expected `transform` to be one or more of .*, got "constructor"\.$/,
    );
  });

  it("names the transform whose function throws", async () => {
    const stage = () => {
      throw new Error("no client certificate");
    };
    assert.equal(await refusal({ stage }), "`transform.stage` for in-api-stage failed: no client certificate");
  });

  it("keeps the component's environment variables, in the size that Lambda allows", async () => {
    const variables = { LOG_LEVEL: "debug" };
    await assert.rejects(
      deployed({ connectionManager: (args) => ({ ...args, environment: { variables } }) }),
      /Expected `transform` to keep the environment variables of the function in-connection-manager, got it without (STREAM_INGESTION_\w+(, )?){5,}\. Set variables as values to merge/,
    );
    await assert.rejects(
      deployed({ watchdog: { environment: undefined } }),
      /the environment variables of the function in-watchdog, got it without/,
    );
    await assert.rejects(
      deployed({ functions: { environment: { variables: { LARGE: "x".repeat(4096) } } } }),
      /to have at most 4096 bytes in total, got \d+\. The largest variables are LARGE \(4098\)/,
    );
  });

  describe("merge", () => {
    const value = (output: unknown) =>
      new Promise((resolve) => (pulumi.output(output) as pulumi.Output<unknown>).apply(resolve));

    it("goes into outputs on either side", async () => {
      assert.deepEqual(await value(merge({ a: { b: 1 } }, { a: pulumi.output({ c: 2 }) })), { a: { b: 1, c: 2 } });
      assert.deepEqual(await value(merge({ a: pulumi.output({ b: 1 }) }, { a: { c: 2 } })), { a: { b: 1, c: 2 } });
    });

    it("replaces lists and scalars, and removes what is set to undefined", () => {
      assert.deepEqual(merge({ a: [1], b: 1, c: 1 }, { a: [2], b: 2, c: undefined }), { a: [2], b: 2, c: undefined });
    });

    it("replaces assets as a whole", () => {
      const asset = new pulumi.asset.StringAsset("b");
      assert.equal(
        (merge({ code: new pulumi.asset.StringAsset("a") }, { code: asset }) as { code: unknown }).code,
        asset,
      );
    });
  });
});
