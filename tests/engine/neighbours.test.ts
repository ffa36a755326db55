import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "../../components/index";
import { serveProvider } from "../../local/provider/serve";
import { realisers } from "../../local/resources/registry";
import { program, type StartedCloud, startCloud } from "./deployment";
import { type Backend, createBackend, type StateResource } from "./engine-stack";

/** Of these an account cannot have two with one name. */
const NAMED =
  /:(Table|Function|Bucket|Role|LogGroup|Secret|Schedule|RestApi|MetricAlarm|Dashboard|ApiKey|UsagePlan|EventSourceMapping)$/;

const idsOf = (resources: readonly StateResource[]) =>
  resources.filter(({ type }) => NAMED.test(type)).map(({ type, id }) => `${type} ${id}`);

describe("deployments side by side under Pulumi's engine", () => {
  let backend: Backend;
  let engine: StartedCloud;
  before(async () => {
    backend = createBackend();
    engine = await startCloud();
  });
  after(async () => {
    await engine?.close();
    backend?.remove();
  });

  it("keep two instances of one stack, and two stacks of one account, out of each other's way", async () => {
    const both = async () => {
      await program()();
      await program({}, {}, "news")();
    };
    const one = await backend.stack({ environment: engine.environment });
    await one.up(both);
    assert.deepEqual((await one.up(both)).steps, []);

    const other = await serveProvider({
      cloud: engine.cloud,
      realisers,
      stack: "twin",
      directory: __dirname,
      report: () => {},
    });
    const two = await backend.stack({ name: "twin", environment: other.environment });
    await two.up(program());
    const ids = [...idsOf(await one.resources()), ...idsOf(await two.resources())];
    assert.ok(ids.length > 45, `${ids.length} ids`);
    assert.deepEqual(
      ids.filter((id, index) => ids.indexOf(id) !== index),
      [],
    );

    await two.destroy();
    other.close();
    assert.deepEqual((await one.preview(both)).steps, []);
    const { steps } = await one.up(program());
    assert.ok(steps.filter(({ op }) => op === "delete").length > 30);
    assert.ok(steps.every(({ op, urn }) => (op === "delete" && urn.endsWith("::news")) || urn.includes("::news-")));
    await one.destroy();
  });

  it("can be planned while the upstream, a tag and the alarms' topic are still unknown", async () => {
    const stack = await backend.stack({ project: "unknown", environment: engine.environment });
    const { steps } = await stack.preview(async () => {
      const bucket = new aws.s3.Bucket("made-by-the-same-up");
      new StreamIngestion("prices", {
        ...program.defaults,
        source: {
          url: pulumi.interpolate`https://${bucket.arn}`,
          path: "/",
          key: bucket.arn,
          headers: { a: bucket.arn },
        },
        tags: { origin: bucket.arn },
        alarms: { topicArn: bucket.arn },
      });
    });
    assert.ok(steps.length > 35 && steps.every(({ op }) => op === "create"));
    assert.equal(engine.count(), 0);
  });

  it("leave from one address under fixedEgress, of a VPC by awsx (a stand-in: no VPC is modelled here)", async () => {
    const stack = await backend.stack({ project: "egress", environment: engine.environment });
    const fixed = async () => {
      const { egressIps } = new StreamIngestion("prices", { ...program.defaults, network: { fixedEgress: true } });
      return { egressIps };
    };
    assert.ok((await stack.preview(fixed)).steps.some(({ type }) => type === "awsx:ec2:Vpc"));
    const { outputs } = await stack.up(fixed);
    assert.deepEqual(outputs.egressIps, ["127.0.0.1"]);
    const resources = await stack.resources();
    const inside = resources.filter(({ inputs }) => inputs?.vpcConfig !== undefined);
    assert.deepEqual(
      inside.map(({ urn }) => urn.split("::").at(-1)),
      ["prices-connection-manager"],
    );
    const vpc = inside[0]?.inputs?.vpcConfig as { subnetIds: string[]; securityGroupIds: string[] };
    assert.equal(vpc.subnetIds.length, 2);
    assert.match(vpc.securityGroupIds.join(), /^sg-[0-9a-f]+$/);
    assert.deepEqual((await stack.up(fixed)).steps, []);
    await stack.destroy();
  });
});
