import assert from "node:assert/strict";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type SampleUpstream, startSampleUpstream } from "../../cli/local/sample/sample-upstream";
import { StreamIngestion } from "../../components/index";
import { program } from "./deployment";
import type { StateResource } from "./engine-stack";
import { latePolicies } from "./policy-order";
import { useEngine } from "./use-engine";

const TRUST = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
});

/** A processor without this component's wrapper. */
const HANDLER = `exports.handler = async ({ Records }) => {
  if (!Records.every(({ dynamodb }) => dynamodb.Keys.streamId.S === "EUR_USD")) throw new Error("what is this?");
};`;

describe("StreamIngestion with existing resources, under the Pulumi engine", () => {
  const engine = useEngine({ hopSeconds: 30 });

  describe("an existing function as processor", () => {
    let upstream: SampleUpstream;
    before(async () => {
      upstream = await startSampleUpstream();
    });
    after(() => upstream?.close());

    /** The user's function, with or without the component. */
    const withOwnFunction = (ingests: boolean) => async () => {
      const role = new aws.iam.Role("own-role", { assumeRolePolicy: TRUST });
      const own = new aws.lambda.Function("own", {
        role: role.arn,
        runtime: "nodejs24.x",
        handler: "index.handler",
        code: new pulumi.asset.AssetArchive({ "index.js": new pulumi.asset.StringAsset(HANDLER) }),
      });
      if (!ingests) return;
      new StreamIngestion("prices", {
        source: { url: upstream.url, path: upstream.path, key: upstream.key },
        processor: { functionArn: own.arn, roleName: role.name },
        streams: ["EUR_USD"],
        removal: "delete",
      });
    };

    it("receives the events through a mapping that depends on the policy of the function's role", async () => {
      const { stack } = engine;
      await stack.up(withOwnFunction(true));
      const own = await stack.resource("own", "Function");
      const policy = await stack.resource("prices-event-processor-policy", "RolePolicy");
      const mapping = await stack.resource("prices-mapping", "EventSourceMapping");
      assert.equal(mapping.inputs?.functionName, own.outputs?.arn);
      assert.equal(policy.inputs?.role, (await stack.resource("own-role", "Role")).id);
      assert.ok(mapping.dependencies?.includes(policy.urn));
      assert.ok((await stack.resources()).every(({ name }) => name !== "prices-event-processor"));
      const handled = () =>
        engine.events.flatMap((event) =>
          event.kind === "delivered" && event.functionName === own.id && event.failed.length === 0 ? event.records : [],
        );
      await engine.until("the function to handle events", () => handled().length > 20);
      assert.deepEqual((await stack.up(withOwnFunction(true))).steps, []);
    });

    it("remains after the component is removed, without its policy", async () => {
      const { stack } = engine;
      const { steps } = await stack.up(withOwnFunction(false));
      assert.ok(steps.length > 30 && steps.every(({ op }) => op === "delete"));
      assert.ok(steps.every(({ name }) => /^prices(-|$)/.test(name)));
      const { outputs } = await stack.resource("own", "Function");
      assert.ok(engine.cloud.functions.find(String(outputs?.arn)));
      assert.deepEqual(engine.cloud.roles.policiesOf(String(outputs?.role)), []);
      await stack.destroy();
      assert.equal(engine.count(), 0);
    });
  });

  describe("in a network", () => {
    /** The function in a VPC, with its network. */
    async function inside(resources: readonly StateResource[]) {
      const [only, ...others] = resources.filter(({ inputs }) => inputs?.vpcConfig !== undefined);
      assert.deepEqual([only?.name, others], ["prices-connection-manager", []]);
      return only?.inputs?.vpcConfig as { readonly subnetIds: string[]; readonly securityGroupIds: string[] };
    }
    const deployedIn =
      (network: () => aws.types.input.lambda.FunctionVpcConfig | { fixedEgress: true }) => async () => {
        const { egressIps } = new StreamIngestion("prices", { ...program.defaults, network: network() });
        return { egressIps };
      };

    it("puts the connection manager into existing subnets and groups, after the policy for its network interfaces", async () => {
      const stack = await engine.open({ project: "existing-network" });
      const existing = deployedIn(() => {
        const group = new aws.ec2.SecurityGroup("own", { vpcId: "vpc-0a" });
        return { subnetIds: ["subnet-0a", "subnet-0b"], securityGroupIds: [group.id, "sg-0a"] };
      });
      const { outputs } = await stack.up(existing);
      assert.deepEqual(outputs.egressIps, []);
      const resources = await stack.resources();
      assert.deepEqual(await inside(resources), {
        subnetIds: ["subnet-0a", "subnet-0b"],
        securityGroupIds: [(await stack.resource("own", "SecurityGroup")).id, "sg-0a"],
      });
      const { inputs } = await stack.resource("prices-connection-manager-policy", "RolePolicy");
      assert.match(String(inputs?.policy), /"ec2:CreateNetworkInterface"/);
      assert.deepEqual(latePolicies(resources), []);
      assert.deepEqual((await stack.up(existing)).steps, []);
      await stack.destroy();
    });

    it("has one egress address with fixedEgress, in a placeholder VPC of awsx", async () => {
      const stack = await engine.open({ project: "egress" });
      const fixed = deployedIn(() => ({ fixedEgress: true }));
      assert.ok((await stack.preview(fixed)).steps.some(({ type }) => type === "awsx:ec2:Vpc"));
      const { outputs } = await stack.up(fixed);
      assert.deepEqual(outputs.egressIps, ["127.0.0.1"]);
      const { subnetIds, securityGroupIds } = await inside(await stack.resources());
      assert.equal(subnetIds.length, 2);
      assert.match(securityGroupIds.join(), /^sg-[0-9a-f]+$/);
      assert.deepEqual((await stack.up(fixed)).steps, []);
      await stack.destroy();
    });
  });
});
