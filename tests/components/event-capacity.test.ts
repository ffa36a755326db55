import assert from "node:assert/strict";
import { StreamIngestion, type StreamIngestionArgs } from "../../components";
import { evaluate } from "../mocks/recording-monitor";
import { requiredArgs } from "./arguments";

const TARGET = "aws:appautoscaling/target:Target";
const POLICY = "aws:appautoscaling/policy:Policy";

describe("the capacity of the event table", () => {
  const deploy = async (events: StreamIngestionArgs["events"]) => {
    const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ events, tags: { team: "data" } })));
    return { evaluated, table: evaluated.one("aws:dynamodb/table:Table", "in-events") };
  };

  it("is on demand by default, without autoscaling", async () => {
    const { evaluated, table } = await deploy({});
    const { billingMode, writeCapacity, warmThroughput } = table.inputs;
    assert.deepEqual([billingMode, writeCapacity, warmThroughput], ["PAY_PER_REQUEST", undefined, undefined]);
    assert.deepEqual(table.ignoreChanges, []);
    assert.deepEqual([...evaluated.all(TARGET), ...evaluated.all(POLICY)], []);
  });

  it("is warmed for a load that is known before it arrives", async () => {
    const { table } = await deploy({ warmThroughput: 20_000 });
    assert.deepEqual(table.inputs.warmThroughput, { writeUnitsPerSecond: 20_000, readUnitsPerSecond: 12_000 });
  });

  it("is scaled between the limits, and no deployment changes it back", async () => {
    const billing = { mode: "provisioned", minWriteUnits: 100, maxWriteUnits: 4_000, utilization: 60 } as const;
    const { evaluated, table } = await deploy({ billing });
    const { name, billingMode, writeCapacity, readCapacity } = table.inputs;
    assert.deepEqual([billingMode, writeCapacity, readCapacity], ["PROVISIONED", 100, 5]);
    assert.deepEqual(table.ignoreChanges, ["readCapacity", "writeCapacity"]);
    const shared = { serviceNamespace: "dynamodb", resourceId: `table/${name ?? "in-events"}` };
    const write = { ...shared, scalableDimension: "dynamodb:table:WriteCapacityUnits" };
    const read = { ...shared, scalableDimension: "dynamodb:table:ReadCapacityUnits" };
    const tags = { team: "data" };
    const target = (kind: string) => evaluated.one(TARGET, `in-events-${kind}-capacity`).inputs;
    assert.deepEqual(target("write"), { ...write, minCapacity: 100, maxCapacity: 4_000, tags });
    assert.deepEqual(target("read"), { ...read, minCapacity: 5, maxCapacity: 100, tags });
    const policy = (kind: string) => evaluated.one(POLICY, `in-events-${kind}-scaling`).inputs;
    const tracking = (predefinedMetricType: string) => ({
      policyType: "TargetTrackingScaling",
      targetTrackingScalingPolicyConfiguration: {
        targetValue: 60,
        predefinedMetricSpecification: { predefinedMetricType },
      },
    });
    assert.deepEqual(policy("write"), { ...write, ...tracking("DynamoDBWriteCapacityUtilization") });
    assert.deepEqual(policy("read"), { ...read, ...tracking("DynamoDBReadCapacityUtilization") });
  });
});
