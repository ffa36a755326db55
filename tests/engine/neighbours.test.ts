import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "../../components/index";
import { serveProvider } from "../../local/provider/serve";
import { resourceHandlers } from "../../local/services/services";
import { program } from "./deployment";
import type { StateResource } from "./engine-stack";
import { useEngine } from "./use-engine";

/** Types whose names must be unique in an account. */
const NAMED =
  /:(Table|Function|Bucket|Role|LogGroup|Secret|Schedule|RestApi|MetricAlarm|Dashboard|ApiKey|UsagePlan|EventSourceMapping)$/;

const idsOf = (resources: readonly StateResource[]) =>
  resources.filter(({ type }) => NAMED.test(type)).map(({ type, id }) => `${type} ${id}`);

describe("several deployments under the Pulumi engine", () => {
  const engine = useEngine();

  it("do not conflict as two instances in one stack, or as two stacks in one account", async () => {
    const both = async () => {
      await program()();
      await program({}, {}, "news")();
    };
    const one = engine.stack;
    await one.up(both);
    assert.deepEqual((await one.up(both)).steps, []);

    const other = await serveProvider({
      cloud: engine.cloud,
      resourceHandlers,
      stack: "twin",
      directory: __dirname,
      report: () => {},
    });
    const two = await engine.backend.stack({ name: "twin", environment: other.environment });
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

  it("can be previewed while the upstream, a tag and the alarms' topic are unknown", async () => {
    const stack = await engine.open({ project: "unknown" });
    const { steps } = await stack.preview(async () => {
      const bucket = new aws.s3.Bucket("created-in-the-same-up");
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
});
