import assert from "node:assert/strict";
import { GetSecretValueCommand, PutSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import * as aws from "@pulumi/aws";
import { StreamIngestion } from "../../components/index";
import { type Overrides, program } from "./deployment";
import type { Step } from "./engine-stack";
import { useEngine } from "./use-engine";

const STATEFUL = /:(Table|Bucket|Secret|SecretVersion)$/;
const KEY = "arn:aws:kms:eu-west-1:123456789012:key/1";

/** Every argument for accounts. Where one of them replaced a child, all of them together would. */
const ARGUMENTS: Overrides = {
  account: {
    kmsKeyArn: KEY,
    permissionsBoundary: "arn:aws:iam::123456789012:policy/b",
    rolePath: "/teams/",
    logRetentionDays: 365,
    tracing: true,
    deletionProtection: true,
    extraStatements: { watchdog: [{ actions: ["sns:Publish"], resources: ["arn:aws:sns:::t"] }] },
  },
  api: { accessLogs: true, allowedCidrs: ["203.0.113.0/24"], privateApi: { vpcEndpointIds: ["vpce-1"] } },
  network: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"], functions: "all" },
  relay: { recursion: "none" },
  deploymentName: "prices-of-europe",
  tags: { team: "data" },
};

describe("an account's rules, under Pulumi's engine", () => {
  const engine = useEngine({ hopSeconds: 30 });
  const replaced = (steps: readonly Step[], type: RegExp) =>
    steps.filter((step) => type.test(step.type) && /replace|delete|create/.test(step.op)).map(({ name }) => name);

  before(async () => {
    await engine.stack.up(program());
  });

  it("applies every argument to a running deployment without replacing what holds state, and then has nothing to do", async () => {
    const all = program(ARGUMENTS);
    const { steps } = await engine.stack.up(all);
    assert.ok(steps.length > 30, "they change something");
    assert.deepEqual(replaced(steps, STATEFUL), []);
    assert.deepEqual(Object.keys(await engine.stack.refresh()), ["same"]);
    assert.deepEqual((await engine.stack.up(all)).steps, []);
  });

  it("deploys the API again when its policy changes", async () => {
    const within = (range: string) => program({ api: { allowedCidrs: [range] } });
    await engine.stack.up(within("203.0.113.0/24"));
    const { steps } = await engine.stack.up(within("198.51.100.0/24"));
    assert.ok(replaced(steps, /:Deployment$/).includes("prices-api-deployment"));
    assert.deepEqual(replaced(steps, /:(RestApi|Stage)$/), []);
  });

  describe("a secret that was rotated in AWS", () => {
    const secrets = () => {
      const { endpoint, region, operator } = engine.cloud;
      return new SecretsManagerClient({ endpoint, region, credentials: operator });
    };
    const withKey = (key: string) => program({ source: { ...program.defaults.source, key } });
    async function current(SecretId: string): Promise<string> {
      const { SecretString = "" } = await secrets().send(new GetSecretValueCommand({ SecretId }));
      return JSON.parse(SecretString).key;
    }

    it("stays through deploys and refreshes, until its configuration changes", async () => {
      await engine.stack.up(withKey("configured"));
      const { id = "" } = await engine.stack.resource("prices-source", "Secret");
      assert.equal(await current(id), "configured");
      for (const key of ["rotated", "rotated twice"]) {
        const SecretString = JSON.stringify({ ...program.defaults.source, key });
        await secrets().send(new PutSecretValueCommand({ SecretId: id, SecretString }));
      }

      assert.deepEqual((await engine.stack.up(withKey("configured"))).steps, []);
      await engine.stack.refresh();
      assert.deepEqual((await engine.stack.up(withKey("configured"))).steps, []);
      assert.equal(await current(id), "rotated twice");

      await engine.stack.up(withKey("configured anew"));
      assert.equal(await current(id), "configured anew");
    });

    it("is not in the state in plain text", async () => {
      assert.ok(!engine.stack.checkpoint().includes("configured anew"));
    });
  });

  it("reads a secret of the user's, and owns no version of it", async () => {
    const stack = await engine.open({ project: "own-secret" });
    await stack.up(async () => {
      const own = new aws.secretsmanager.Secret("own");
      const { url, path } = program.defaults.source;
      const value = new aws.secretsmanager.SecretVersion("own", {
        secretId: own.id,
        secretString: JSON.stringify({ url, path }),
      });
      new StreamIngestion("prices", { ...program.defaults, source: { secretArn: value.arn } });
    });
    const own = await stack.resource("own", "Secret");
    const manager = await stack.resource("prices-connection-manager", "Function");
    const { environment } = manager.inputs as { environment: { variables: Record<string, string> } };
    assert.equal(environment.variables.STREAM_INGESTION_SOURCE_SECRET, own.outputs?.arn);
    const names = (await stack.resources())
      .filter(({ type }) => type.endsWith(":SecretVersion"))
      .map(({ name }) => name);
    assert.deepEqual(names, ["own"]);
    await stack.destroy();
  });
});
