import assert from "node:assert/strict";
import { type ExportedResource, findDeployment } from "../../../cli/verify/find-deployment";
import { CONTRACT_VERSION, ENV } from "../../../runtime/contract";

const TYPE = "stream-ingestion:index:StreamIngestion";

const settings = { v: CONTRACT_VERSION, source: { format: "sse" } };

function instance(
  name: string,
  environment: unknown = { variables: { [ENV.settings]: JSON.stringify(settings) } },
): ExportedResource[] {
  const urn = `urn:pulumi:dev::app::${TYPE}::${name}`;
  const child = (type: string, role: string, outputs: Record<string, unknown>): ExportedResource => ({
    urn: `urn:pulumi:dev::app::${TYPE}$${type}::${name}-${role}`,
    type,
    parent: urn,
    outputs,
  });
  return [
    {
      urn,
      type: TYPE,
      outputs: {
        apiUrl: `https://${name}/v1`,
        tableName: `${name}-e1`,
        connectionTableName: `${name}-c1`,
        bucketName: `${name}-b1`,
        processorArn: `arn:aws:lambda:eu-west-1:123456789012:function:${name}`,
      },
    },
    child("aws:lambda/function:Function", "event-processor", { loggingConfig: { logGroup: `/${name}/processor` } }),
    child("aws:lambda/function:Function", "connection-manager", { memorySize: 512, environment }),
    child("aws:cloudwatch/metricAlarm:MetricAlarm", "streams-down", { name: `${name}-streams-down-1` }),
    child("aws:cloudwatch/metricAlarm:MetricAlarm", "watchdog-stopped", { name: `${name}-watchdog-stopped-1` }),
  ];
}

describe("findDeployment", () => {
  it("finds the AWS names of an instance's resources", () => {
    assert.deepEqual(findDeployment(instance("prices")), {
      instance: "prices",
      apiUrl: "https://prices/v1",
      eventTable: "prices-e1",
      connectionTable: "prices-c1",
      bucket: "prices-b1",
      processorArn: "arn:aws:lambda:eu-west-1:123456789012:function:prices",
      processorLogGroup: "/prices/processor",
      logGroups: [{ functionName: "prices-event-processor", logGroup: "/prices/processor" }],
      alarmNames: ["prices-streams-down-1", "prices-watchdog-stopped-1"],
      watchdogAlarm: "prices-watchdog-stopped-1",
      relayMemorySize: 512,
      settings,
    });
  });

  it("omits settings of another release and settings that are secret in the state", () => {
    const other = { variables: { [ENV.settings]: JSON.stringify({ ...settings, v: CONTRACT_VERSION + 1 }) } };
    for (const environment of [
      other,
      { ciphertext: "v1:abc" },
      { variables: { [ENV.settings]: { ciphertext: "v1" } } },
    ])
      assert.equal(findDeployment(instance("prices", environment)).settings, undefined);
  });

  it("finds a named instance with its own children only", () => {
    const both = [...instance("prices"), ...instance("news")];
    const { eventTable, alarmNames } = findDeployment(both, "news");
    assert.deepEqual([eventTable, ...alarmNames], ["news-e1", "news-streams-down-1", "news-watchdog-stopped-1"]);
    assert.throws(() => findDeployment(both), /found: prices, news\. Name one with --instance/);
    assert.throws(
      () => findDeployment(both, "fx"),
      /Expected a StreamIngestion "fx" in the stack, found: prices, news/,
    );
  });

  it("fails when nothing is deployed or a deployment is incomplete", () => {
    assert.throws(() => findDeployment([]), /found: none\. Run `pulumi up` first/);
    const [component, ...children] = instance("prices");
    assert.throws(
      () => findDeployment([{ ...component!, outputs: {} }, ...children]),
      /has no `apiUrl`.*did not finish/,
    );
  });
});
