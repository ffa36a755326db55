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
      outputs: { apiUrl: `https://${name}/v1`, tableName: `${name}-e1`, connectionTableName: `${name}-c1` },
    },
    child("aws:lambda/function:Function", "event-processor", { loggingConfig: { logGroup: `/${name}/processor` } }),
    child("aws:lambda/function:Function", "connection-manager", { memorySize: 512, environment }),
    child("aws:cloudwatch/metricAlarm:MetricAlarm", "streams-down", { name: `${name}-streams-down-1` }),
  ];
}

describe("findDeployment", () => {
  it("finds the names that an instance has in AWS", () => {
    assert.deepEqual(findDeployment(instance("prices")), {
      instance: "prices",
      apiUrl: "https://prices/v1",
      eventTable: "prices-e1",
      connectionTable: "prices-c1",
      processorLogGroup: "/prices/processor",
      alarmNames: ["prices-streams-down-1"],
      relayMemorySize: 512,
      settings,
    });
  });

  it("knows no settings of another release, and none that the state keeps secret", () => {
    const other = { variables: { [ENV.settings]: JSON.stringify({ ...settings, v: CONTRACT_VERSION + 1 }) } };
    for (const environment of [
      other,
      { ciphertext: "v1:abc" },
      { variables: { [ENV.settings]: { ciphertext: "v1" } } },
    ])
      assert.equal(findDeployment(instance("prices", environment)).settings, undefined);
  });

  it("takes the instance that is named, with its own children only", () => {
    const both = [...instance("prices"), ...instance("news")];
    const { eventTable, alarmNames } = findDeployment(both, "news");
    assert.deepEqual([eventTable, ...alarmNames], ["news-e1", "news-streams-down-1"]);
    assert.throws(() => findDeployment(both), /it has: prices, news\. Name one with --instance/);
    assert.throws(
      () => findDeployment(both, "fx"),
      /Expected a StreamIngestion "fx" in the stack, it has: prices, news/,
    );
  });

  it("says so when nothing is deployed, or only half of it", () => {
    assert.throws(() => findDeployment([]), /it has: none\. Run `pulumi up` first/);
    const [component, ...children] = instance("prices");
    assert.throws(
      () => findDeployment([{ ...component!, outputs: {} }, ...children]),
      /does not tell `apiUrl`.*did not finish/,
    );
  });
});
