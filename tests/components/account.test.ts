import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "../../components";
import { type Evaluated, evaluate, secretValue } from "../mocks/recording-monitor";
import { requiredArgs } from "./arguments";

const KEY = "arn:aws:kms:eu-west-1:123456789012:key/1";
const BOUNDARY = "arn:aws:iam::123456789012:policy/developers";
const FUNCTIONS = ["connection-api", "connection-manager", "event-processor", "repeat-counter", "watchdog"];

const deployed = (args: object) => evaluate(() => new StreamIngestion("in", requiredArgs(args)));

interface Statement {
  readonly Effect: string;
  readonly Action: string[];
  readonly Resource: string[];
}
const statementsOf = (evaluated: Evaluated, role: string): Statement[] =>
  JSON.parse(evaluated.one("aws:iam/rolePolicy:RolePolicy", `in-${role}-policy`).inputs.policy).Statement;

describe("account", () => {
  let all: Evaluated;
  before(async () => {
    all = await deployed({
      account: {
        kmsKeyArn: KEY,
        permissionsBoundary: BOUNDARY,
        rolePath: "/teams/data/",
        logRetentionDays: 365,
        tracing: true,
        deletionProtection: true,
        extraStatements: Object.fromEntries(
          ["connectionManager", "connectionApi", "watchdog"].map((name) => [
            name,
            [{ actions: [`own:${name}`], resources: ["arn:aws:own:::1"] }],
          ]),
        ),
      },
      api: { accessLogs: true, allowedCidrs: pulumi.output(["203.0.113.0/24"]) },
      network: { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"], functions: "all" },
      streams: pulumi.output(["a", "b"]),
      deploymentName: "prices-of-europe",
      tags: { team: "data" },
    });
  });

  it("encrypts tables, secret, bucket, log groups and environments with the customer's key", () => {
    for (const { inputs } of all.all("aws:dynamodb/table:Table"))
      assert.deepEqual(inputs.serverSideEncryption, { enabled: true, kmsKeyArn: KEY });
    assert.equal(all.one("aws:secretsmanager/secret:Secret").inputs.kmsKeyId, KEY);
    const [rule] = all.one("aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration")
      .inputs.rules;
    assert.deepEqual(rule.applyServerSideEncryptionByDefault, { sseAlgorithm: "aws:kms", kmsMasterKeyId: KEY });
    const groups = all.all("aws:cloudwatch/logGroup:LogGroup");
    assert.equal(groups.length, 6);
    for (const { inputs } of groups) assert.equal(inputs.kmsKeyId, KEY);
    for (const { inputs } of all.all("aws:lambda/function:Function")) assert.equal(inputs.kmsKeyArn, KEY);
  });

  it("allows every function role to use only that key", () => {
    for (const role of FUNCTIONS) {
      const granted = statementsOf(all, role).filter(({ Action }) =>
        Action.some((action) => action.startsWith("kms:")),
      );
      assert.equal(granted.length, 1, role);
      assert.deepEqual(granted[0]?.Resource, [KEY]);
      assert.deepEqual(granted[0]?.Action, [
        "kms:Decrypt",
        "kms:DescribeKey",
        "kms:Encrypt",
        "kms:GenerateDataKey*",
        "kms:ReEncrypt*",
      ]);
    }
  });

  it("sets the permissions boundary and the path of every role", () => {
    const roles = all.all("aws:iam/role:Role");
    assert.equal(roles.length, 6);
    for (const { inputs } of roles)
      assert.deepEqual([inputs.permissionsBoundary, inputs.path], [BOUNDARY, "/teams/data/"]);
  });

  it("sets the retention of the logs", () => {
    for (const { inputs } of all.all("aws:cloudwatch/logGroup:LogGroup")) assert.equal(inputs.retentionInDays, 365);
  });

  it("traces functions and API, and allows the functions to write traces", () => {
    for (const role of FUNCTIONS) {
      const { inputs } = all.one("aws:lambda/function:Function", `in-${role}`);
      assert.deepEqual(inputs.tracingConfig, { mode: "Active" });
      assert.ok(statementsOf(all, role).some(({ Action }) => Action.includes("xray:PutTraceSegments")));
    }
    assert.equal(all.one("aws:apigateway/stage:Stage").inputs.xrayTracingEnabled, true);
  });

  it("protects both tables from deletion", () => {
    for (const { inputs } of all.all("aws:dynamodb/table:Table")) assert.equal(inputs.deletionProtectionEnabled, true);
  });

  it("adds the user's statements to those of each function", () => {
    for (const [role, action] of [
      ["connection-manager", "own:connectionManager"],
      ["connection-api", "own:connectionApi"],
      ["watchdog", "own:watchdog"],
    ] as const)
      assert.deepEqual(
        statementsOf(all, role).filter(({ Action }) => Action.some((one) => one.startsWith("own:"))),
        [{ Effect: "Allow", Action: [action], Resource: ["arn:aws:own:::1"] }],
      );
  });

  it("allows the connection manager alone to call the upstream that its requests are signed for", async () => {
    const api = "arn:aws:execute-api:eu-west-1:123456789012:feed/prod/GET/*";
    const source = {
      url: "https://feed.example",
      path: "/",
      auth: { kind: "aws-sigv4", service: "execute-api" },
    } as const;
    const connectionManager = [{ actions: ["execute-api:Invoke"], resources: [api] }];
    const evaluated = await deployed({ source, account: { extraStatements: { connectionManager } } });
    const { variables } = evaluated.one("aws:lambda/function:Function", "in-connection-manager").inputs.environment;
    assert.deepEqual(JSON.parse(variables.STREAM_INGESTION_SETTINGS).source.auth, source.auth);
    for (const role of FUNCTIONS)
      assert.deepEqual(
        statementsOf(evaluated, role).filter(({ Action }) => Action.includes("execute-api:Invoke")),
        role === "connection-manager" ? [{ Effect: "Allow", Action: ["execute-api:Invoke"], Resource: [api] }] : [],
        role,
      );
  });

  it("puts every function into the VPC, with the required permissions", () => {
    for (const role of FUNCTIONS) {
      const { inputs } = all.one("aws:lambda/function:Function", `in-${role}`);
      assert.deepEqual(inputs.vpcConfig, { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] }, role);
      assert.ok(
        statementsOf(all, role).some(({ Action }) => Action.includes("ec2:CreateNetworkInterface")),
        role,
      );
    }
  });

  it("logs the API's requests without headers, and its errors", () => {
    const { accessLogSettings } = all.one("aws:apigateway/stage:Stage").inputs;
    assert.match(accessLogSettings.destinationArn, /in-api-access-logs$/);
    assert.ok(!/header|authorization|apiKey/i.test(accessLogSettings.format));
    const { settings } = all.one("aws:apigateway/methodSettings:MethodSettings").inputs;
    assert.deepEqual(
      [settings.loggingLevel, settings.metricsEnabled, settings.dataTraceEnabled],
      ["ERROR", true, false],
    );
  });

  it("accepts streams and address ranges from other resources", () => {
    const { streams } = JSON.parse(all.one("aws:dynamodb/tableItem:TableItem").inputs.item);
    assert.deepEqual(streams, { L: [{ S: "a" }, { S: "b" }] });
    const { Statement } = JSON.parse(all.one("aws:apigateway/restApiPolicy:RestApiPolicy").inputs.policy);
    assert.deepEqual(Statement[0].Condition, { NotIpAddress: { "aws:SourceIp": ["203.0.113.0/24"] } });
    assert.equal(all.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-hop-rate").inputs.threshold, 32);
  });

  it("names dashboard and metrics after deploymentName", () => {
    assert.equal(all.one("aws:cloudwatch/dashboard:Dashboard").inputs.dashboardName, "prices-of-europe");
    for (const { inputs } of all.all("aws:lambda/function:Function"))
      assert.equal(inputs.environment.variables.STREAM_INGESTION_DEPLOYMENT, "prices-of-europe");
  });

  it("allows the scheduler to assume its role only for schedules of this account", () => {
    const { assumeRolePolicy } = all.one("aws:iam/role:Role", "in-schedule-role").inputs;
    assert.deepEqual(JSON.parse(assumeRolePolicy).Statement[0].Condition, {
      StringEquals: {
        "aws:SourceAccount": "123456789012",
        "aws:SourceArn": "arn:aws:scheduler:eu-west-1:123456789012:schedule-group/default",
      },
    });
  });

  it("rejects an invalid value from another resource with the argument's name", async () => {
    await assert.rejects(deployed({ streams: pulumi.output(["a/b"]) }), /Expected `streams\[0\]` to be 1 to 128/);
  });

  it("sets no tags on the mapping in China, where AWS rejects them", async () => {
    const tags = async (region: string) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ tags: { team: "data" } })), {
        region,
      });
      return evaluated.one("aws:lambda/eventSourceMapping:EventSourceMapping", "in-mapping").inputs.tags;
    };
    assert.deepEqual(await tags("cn-north-1"), {});
    assert.deepEqual(await tags("eu-west-1"), { team: "data" });
  });
});

describe("a private API", () => {
  it("denies every caller that does not arrive through the endpoint", async () => {
    const evaluated = await deployed({
      api: { privateApi: { vpcEndpointIds: ["vpce-1"] }, allowedCidrs: ["10.0.0.0/8"] },
    });
    const { endpointConfiguration } = evaluated.one("aws:apigateway/restApi:RestApi").inputs;
    assert.deepEqual(endpointConfiguration, { types: "PRIVATE", vpcEndpointIds: ["vpce-1"] });
    const { Statement } = JSON.parse(evaluated.one("aws:apigateway/restApiPolicy:RestApiPolicy").inputs.policy);
    const [allow, endpoint, address] = Statement;
    assert.deepEqual([allow.Effect, allow.Principal], ["Allow", { AWS: "arn:aws:iam::123456789012:root" }]);
    assert.deepEqual(endpoint.Condition, { StringNotEquals: { "aws:SourceVpce": ["vpce-1"] } });
    assert.deepEqual(address.Condition, { NotIpAddress: { "aws:VpcSourceIp": ["10.0.0.0/8"] } });
  });
});

describe("an existing resource", () => {
  it("is read, and nothing is created, changed or attached", async () => {
    const secretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine";
    const evaluated = await deployed({
      source: { secretArn },
      events: { table: pulumi.output("my-events") },
      connections: { table: "my-connections" },
      bucket: "my-bucket",
      removal: "delete",
    });
    for (const type of [
      "dynamodb/table:Table",
      "secretsmanager/secret:Secret",
      "secretsmanager/secretVersion:SecretVersion",
    ])
      assert.equal(evaluated.all(`aws:${type}`).length, 0, type);
    assert.deepEqual(
      evaluated.resources.filter(({ type }) => type.startsWith("aws:s3/")),
      [],
    );
    // A restored table may hold the row of another deployment, which the provider would refuse to overwrite.
    const { streamId } = JSON.parse(evaluated.one("aws:dynamodb/tableItem:TableItem").inputs.item);
    assert.match(streamId.S, /^#declared:[0-9a-f]{16}$/);
    const { variables } = evaluated.one("aws:lambda/function:Function", "in-watchdog").inputs.environment;
    assert.equal(variables.STREAM_INGESTION_DECLARED_ROW, streamId.S);
  });

  it("is a table without old images only if repeats are not counted", async () => {
    const table = "new-images-of-events";
    await assert.rejects(deployed({ events: { table } }), {
      message: new RegExp(
        `with a stream with new and old images, but the table "${table}" has a stream with NEW_IMAGE\\. Set \`events\\.countRepeats\` to false, name another`,
      ),
    });
    const evaluated = await deployed({ events: { table, countRepeats: false } });
    assert.equal(evaluated.all("aws:lambda/eventSourceMapping:EventSourceMapping").length, 1);
  });

  it("is a bucket with the settings of a new one only when that is requested, and is never emptied or deleted", async () => {
    const changes = { removal: "delete", account: { kmsKeyArn: KEY } } as const;
    const made = await deployed(changes);
    const adopted = await deployed({ ...changes, bucket: "my-bucket", manageBucket: true });
    const settingsOf = ({ resources }: typeof made) =>
      resources.filter(({ type }) => /^aws:s3\/bucket[A-Z]/.test(type)).map(({ name }) => name);
    assert.deepEqual(settingsOf(adopted), settingsOf(made));
    assert.equal(settingsOf(adopted).length, 4);
    assert.deepEqual(adopted.all("aws:s3/bucket:Bucket"), []);
    for (const { inputs } of adopted.resources.filter(({ type }) => /^aws:s3\/bucket[A-Z]/.test(type)))
      assert.equal(inputs.bucket, "my-bucket");
  });
});

describe("the source's secret", () => {
  const version = async (key: string) =>
    (await deployed({ source: { url: "https://upstream.example", path: "/", key } })).one(
      "aws:secretsmanager/secretVersion:SecretVersion",
    ).inputs;

  it("is another version when its configuration changes, and only then", async () => {
    const numbers = [await version("a"), await version("a"), await version("b")].map((inputs) => {
      assert.equal(inputs.secretString, undefined, "a value that is compared reverts a rotation");
      return secretValue(inputs.secretStringWoVersion);
    });
    assert.equal(numbers[0], numbers[1]);
    assert.notEqual(numbers[1], numbers[2]);
    for (const number of numbers)
      assert.ok(Number.isInteger(number) && number >= 0 && number < 2 ** 31, String(number));
  });
});
