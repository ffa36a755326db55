import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion } from "../../components";
import { type Evaluated, evaluate, unsealed } from "../mocks/recording-monitor";
import { ENTRY, someArgs } from "./arguments";

const TYPE = "stream-ingestion:index:StreamIngestion";
const FUNCTIONS = ["connection-api", "connection-manager", "event-processor", "watchdog"];

const policyOf = (evaluated: Evaluated, name: string) =>
  JSON.parse(evaluated.one("aws:iam/rolePolicy:RolePolicy", name).inputs.policy).Statement as {
    Action: string[];
    Resource: string[];
  }[];
const actionsOf = (evaluated: Evaluated, name: string) =>
  policyOf(evaluated, name)
    .flatMap(({ Action }) => Action)
    .sort();

describe("StreamIngestion", () => {
  describe("with the least arguments", () => {
    let it1: Evaluated;
    before(async () => {
      it1 = await evaluate(() => new StreamIngestion("in", someArgs()));
    });

    it("makes exactly these children, each under the component", () => {
      const counts: Record<string, number> = {};
      for (const { type } of it1.resources) counts[type] = (counts[type] ?? 0) + 1;
      assert.deepEqual(counts, {
        [TYPE]: 1,
        "aws:secretsmanager/secret:Secret": 1,
        "aws:secretsmanager/secretVersion:SecretVersion": 1,
        "aws:dynamodb/table:Table": 2,
        "aws:dynamodb/tableItem:TableItem": 1,
        "aws:s3/bucket:Bucket": 1,
        "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": 1,
        "aws:s3/bucketPolicy:BucketPolicy": 1,
        "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": 1,
        "aws:cloudwatch/logGroup:LogGroup": 4,
        "aws:iam/role:Role": 5,
        "aws:iam/rolePolicy:RolePolicy": 6,
        "aws:lambda/function:Function": 4,
        "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": 1,
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": 1,
        "aws:lambda/eventSourceMapping:EventSourceMapping": 1,
        "aws:lambda/permission:Permission": 1,
        "aws:apigateway/restApi:RestApi": 1,
        "aws:apigateway/resource:Resource": 2,
        "aws:apigateway/method:Method": 4,
        "aws:apigateway/integration:Integration": 4,
        "aws:apigateway/deployment:Deployment": 1,
        "aws:apigateway/stage:Stage": 1,
        "aws:apigateway/methodSettings:MethodSettings": 1,
        "aws:scheduler/schedule:Schedule": 1,
        "aws:cloudwatch/metricAlarm:MetricAlarm": 7,
        "aws:cloudwatch/dashboard:Dashboard": 1,
      });
      const component = it1.one(TYPE);
      for (const child of it1.resources.filter(({ type }) => type.startsWith("aws:"))) {
        assert.equal(child.parent, component.urn, child.name);
        assert.match(child.name, /^in-/);
      }
    });

    it("gives the two tables their keys, recovery and encryption, and a change stream and TTL to the events alone", () => {
      const connections = it1.one("aws:dynamodb/table:Table", "in-connections").inputs;
      const events = it1.one("aws:dynamodb/table:Table", "in-events").inputs;
      assert.equal(connections.hashKey, "streamId");
      assert.equal(connections.rangeKey, undefined);
      assert.equal(connections.streamEnabled, undefined);
      assert.equal(connections.ttl, undefined);
      assert.deepEqual([events.hashKey, events.rangeKey], ["streamId", "key"]);
      assert.deepEqual([events.streamEnabled, events.streamViewType], [true, "NEW_IMAGE"]);
      assert.deepEqual(events.ttl, { attributeName: "ttl", enabled: true });
      for (const table of [connections, events]) {
        assert.equal(table.billingMode, "PAY_PER_REQUEST");
        assert.equal(table.pointInTimeRecovery.enabled, true);
        assert.equal(table.name, undefined, "no physical name is set");
      }
    });

    it("keeps the bucket private and refuses requests without TLS", () => {
      const block = it1.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs;
      for (const part of ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"])
        assert.equal(block[part], true, part);
      const [statement] = JSON.parse(it1.one("aws:s3/bucketPolicy:BucketPolicy").inputs.policy).Statement;
      assert.equal(statement.Effect, "Deny");
      assert.equal(statement.Condition.Bool["aws:SecureTransport"], "false");
    });

    it("runs four functions on nodejs24.x and arm64 with one file of code and a log group of their own", () => {
      const functions = it1.all("aws:lambda/function:Function");
      assert.deepEqual(
        functions.map(({ name }) => name).sort(),
        FUNCTIONS.map((role) => `in-${role}`),
      );
      for (const { name, inputs } of functions) {
        assert.equal(inputs.runtime, "nodejs24.x", name);
        assert.deepEqual(inputs.architectures, ["arm64"]);
        assert.deepEqual(Object.keys(inputs.code.assets).sort(), ["index.js", "index.js.map"]);
        assert.equal(inputs.loggingConfig.logFormat, "JSON");
        assert.equal(inputs.loggingConfig.logGroup, `${name}-logs`);
        assert.equal(inputs.vpcConfig, undefined);
        assert.equal(inputs.reservedConcurrentExecutions, undefined);
      }
    });

    it("lets the connection manager chain for ever, without retries", () => {
      const manager = it1.one("aws:lambda/function:Function", "in-connection-manager").inputs;
      assert.equal(manager.timeout, 900);
      assert.equal(manager.memorySize, 256);
      assert.equal(it1.one("aws:lambda/functionRecursionConfig:FunctionRecursionConfig").inputs.recursiveLoop, "Allow");
      const { maximumRetryAttempts, maximumEventAgeInSeconds } = it1.one(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
      ).inputs;
      assert.deepEqual([maximumRetryAttempts, maximumEventAgeInSeconds], [0, 60]);
    });

    it("declares each function's environment, with no secret in it", () => {
      const names = (role: string) =>
        Object.keys(it1.one("aws:lambda/function:Function", `in-${role}`).inputs.environment.variables).sort();
      assert.deepEqual(names("connection-manager"), [
        "MALLOC_ARENA_MAX",
        "NODE_OPTIONS",
        "STREAM_INGESTION_BUCKET",
        "STREAM_INGESTION_CONNECTION_TABLE",
        "STREAM_INGESTION_DEPLOYMENT",
        "STREAM_INGESTION_EVENT_TABLE",
        "STREAM_INGESTION_RELEASE",
        "STREAM_INGESTION_SETTINGS",
        "STREAM_INGESTION_SOURCE_SECRET",
      ]);
      assert.deepEqual(names("connection-api"), [
        "NODE_OPTIONS",
        "STREAM_INGESTION_CONNECTION_MANAGER",
        "STREAM_INGESTION_CONNECTION_TABLE",
        "STREAM_INGESTION_DEPLOYMENT",
      ]);
      assert.deepEqual(names("watchdog"), [
        "NODE_OPTIONS",
        "STREAM_INGESTION_CONNECTION_MANAGER",
        "STREAM_INGESTION_CONNECTION_TABLE",
        "STREAM_INGESTION_DECLARED_ROW",
        "STREAM_INGESTION_DEPLOYMENT",
        "STREAM_INGESTION_RELEASE",
        "STREAM_INGESTION_SETTINGS",
        "STREAM_INGESTION_SOURCE_SECRET",
      ]);
      assert.deepEqual(names("event-processor"), [
        "NODE_OPTIONS",
        "STREAM_INGESTION_BUCKET",
        "STREAM_INGESTION_DEPLOYMENT",
      ]);
    });

    it("feeds the processor inserts alone and keeps what fails", () => {
      const { inputs } = it1.one("aws:lambda/eventSourceMapping:EventSourceMapping");
      assert.deepEqual(JSON.parse(inputs.filterCriteria.filters[0].pattern), { eventName: ["INSERT"] });
      assert.equal(inputs.startingPosition, "TRIM_HORIZON");
      assert.equal(inputs.bisectBatchOnFunctionError, true);
      assert.equal(inputs.maximumRetryAttempts, 5);
      assert.equal(inputs.maximumRecordAgeInSeconds, 79_200);
      assert.deepEqual(inputs.functionResponseTypes, ["ReportBatchItemFailures"]);
      assert.match(inputs.destinationConfig.onFailure.destinationArn, /in-bucket$/);
      assert.equal(inputs.batchSize, 100);
    });

    it("has an alarm for every way in which an event can miss the processor", () => {
      const mapping = it1.one("aws:lambda/eventSourceMapping:EventSourceMapping");
      assert.deepEqual(mapping.inputs.metricsConfig, { metrics: ["EventCount"] });
      const watched = ["processor-failures", "processor-discarded", "processor-dropped"].map((role) => {
        const { inputs } = it1.one("aws:cloudwatch/metricAlarm:MetricAlarm", `in-${role}`);
        assert.deepEqual([inputs.threshold, inputs.evaluationPeriods, inputs.treatMissingData], [0, 1, "notBreaching"]);
        return [inputs.namespace, inputs.metricName, inputs.dimensions];
      });
      const lambda = { EventSourceMappingUUID: `${mapping.name}-uuid` };
      assert.deepEqual(watched, [
        ["StreamIngestion", "ProcessorFailures", { Deployment: "project-stack-in" }],
        ["AWS/Lambda", "OnFailureDestinationDeliveredEventCount", lambda],
        ["AWS/Lambda", "DroppedEventCount", lambda],
      ]);
    });

    it("gives each role its own actions and no more", () => {
      const logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
      const table = ["dynamodb:GetItem", "dynamodb:UpdateItem"];
      assert.deepEqual(
        actionsOf(it1, "in-connection-manager-policy"),
        [...table, "dynamodb:BatchWriteItem", "secretsmanager:GetSecretValue", "s3:PutObject", ...logs].sort(),
      );
      assert.deepEqual(actionsOf(it1, "in-connection-manager-chain-policy"), ["lambda:InvokeFunction"]);
      assert.deepEqual(
        actionsOf(it1, "in-connection-api-policy"),
        [...table, "dynamodb:Scan", "lambda:InvokeFunction", ...logs].sort(),
      );
      assert.deepEqual(
        actionsOf(it1, "in-watchdog-policy"),
        [...table, "dynamodb:Scan", "lambda:InvokeFunction", "secretsmanager:DescribeSecret", ...logs].sort(),
      );
      assert.deepEqual(actionsOf(it1, "in-schedule-policy"), ["lambda:InvokeFunction"]);
    });

    it("names a resource in every statement but the one AWS allows no resource for", () => {
      for (const { name } of it1.all("aws:iam/rolePolicy:RolePolicy"))
        for (const { Action, Resource } of policyOf(it1, name))
          if (Resource.includes("*"))
            assert.deepEqual([name, Action], ["in-event-processor-policy", ["dynamodb:ListStreams"]]);
    });

    it("signs every route with IAM and restricts no address", () => {
      for (const { inputs } of it1.all("aws:apigateway/method:Method")) {
        assert.equal(inputs.authorization, "AWS_IAM");
        assert.equal(inputs.apiKeyRequired, false);
      }
      assert.equal(it1.all("aws:apigateway/restApiPolicy:RestApiPolicy").length, 0);
    });

    it("starts hops only when all they need is there", () => {
      const needed = [
        it1.one("aws:iam/rolePolicy:RolePolicy", "in-connection-manager-chain-policy"),
        it1.one("aws:lambda/functionRecursionConfig:FunctionRecursionConfig"),
        it1.one("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"),
        it1.one("aws:secretsmanager/secretVersion:SecretVersion"),
      ];
      for (const starter of [it1.one("aws:scheduler/schedule:Schedule"), it1.one("aws:apigateway/stage:Stage")])
        for (const { urn } of needed) assert.ok(starter.dependsOn.includes(urn), `${starter.name} needs ${urn}`);
    });

    it("puts each function's policy before it, and the mapping after the policy it reads with", () => {
      for (const role of FUNCTIONS) {
        const fn = it1.one("aws:lambda/function:Function", `in-${role}`);
        assert.ok(fn.dependsOn.includes(it1.one("aws:iam/rolePolicy:RolePolicy", `in-${role}-policy`).urn), role);
      }
      const mapping = it1.one("aws:lambda/eventSourceMapping:EventSourceMapping");
      assert.ok(mapping.dependsOn.includes(it1.one("aws:iam/rolePolicy:RolePolicy", "in-event-processor-policy").urn));
    });

    it("retains what holds data, and what keeps the bucket private", () => {
      const retained = it1.resources
        .filter(({ retainOnDelete }) => retainOnDelete)
        .map(({ name, type }) => `${name} ${type}`);
      assert.deepEqual(retained.map((text) => text.split("/")[1]).sort(), [
        "bucket:Bucket",
        "bucketLifecycleConfiguration:BucketLifecycleConfiguration",
        "bucketPolicy:BucketPolicy",
        "bucketPublicAccessBlock:BucketPublicAccessBlock",
        "secret:Secret",
        "secretVersion:SecretVersion",
        "table:Table",
        "table:Table",
      ]);
    });

    it("takes a silent watchdog for a stream that is down", () => {
      const alarm = it1.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-streams-down").inputs;
      assert.equal(alarm.treatMissingData, "breaching");
      assert.deepEqual(alarm.dimensions, { Deployment: "project-stack-in" });
    });

    it("registers its outputs", () => {
      assert.deepEqual(Object.keys(it1.outputs.find((outputs) => "apiUrl" in outputs) ?? {}).sort(), [
        "apiUrl",
        "bucketName",
        "connectionTableName",
        "egressIps",
        "processorArn",
        "processorPolicyJson",
        "secretArn",
        "tableName",
      ]);
    });
  });

  it("keeps URL, path, key, header and query values and the processor's environment secret, given plain or not", async () => {
    const plain = [
      "https://secret-host.example",
      "/secret-path",
      "secret-key",
      "secret-header",
      "secret-query",
      "secret-env",
    ];
    const [url, path, key, header, parameter, variable] = plain as [string, string, string, string, string, string];
    for (const give of [(text: string) => text, (text: string) => pulumi.secret(text)]) {
      const evaluated = await evaluate(
        () =>
          new StreamIngestion("in", {
            source: {
              url: give(url),
              path: give(path),
              key: give(key),
              headers: { "x-token": give(header) },
              query: { token: give(parameter) },
            },
            processor: { entry: ENTRY, environment: { TOKEN: give(variable) } },
          }),
      );
      const withoutSecrets = JSON.stringify(
        evaluated.resources.map(({ inputs }) => inputs),
        (_, value) => (unsealed(value) === undefined ? value : "[secret]"),
      );
      for (const text of plain) assert.ok(!withoutSecrets.includes(text), `${text} is in the plain inputs`);
      const stored = unsealed(evaluated.one("aws:secretsmanager/secretVersion:SecretVersion").inputs.secretStringWo);
      assert.deepEqual(JSON.parse(stored), {
        url,
        path,
        key,
        headers: { "x-token": header },
        query: { token: parameter },
      });
    }
  });

  it("lives twice in one program", async () => {
    const evaluated = await evaluate(() => {
      new StreamIngestion("one", someArgs());
      new StreamIngestion("two", someArgs());
    });
    const urns = evaluated.resources.map(({ urn }) => urn);
    assert.equal(new Set(urns).size, urns.length);
    assert.equal(evaluated.all("aws:lambda/function:Function").length, 8);
  });

  it("previews with arguments that are not known yet", async () => {
    const unknown = pulumi.output(pulumi.unknown) as unknown as pulumi.Output<string>;
    const evaluated = await evaluate(
      () =>
        new StreamIngestion("in", {
          source: { url: unknown, path: unknown, key: unknown },
          processor: { functionArn: unknown, roleName: unknown },
          alarms: { topicArn: unknown },
        }),
      { preview: true },
    );
    assert.equal(evaluated.all("aws:lambda/function:Function").length, 3);
    assert.equal(evaluated.all("aws:lambda/eventSourceMapping:EventSourceMapping").length, 1);
  });

  it("declares streams in a row of their own", async () => {
    const item = async (streams?: string[]) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", someArgs({ streams })));
      return JSON.parse(evaluated.one("aws:dynamodb/tableItem:TableItem").inputs.item);
    };
    assert.deepEqual(await item(["a", "b"]), {
      streamId: { S: "#declared" },
      streams: { L: [{ S: "a" }, { S: "b" }] },
    });
    assert.deepEqual(await item(), { streamId: { S: "#declared" }, streams: { L: [] } });
  });

  it("lets more streams make more hops before it rings", async () => {
    const threshold = async (streams: string[]) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", someArgs({ streams })));
      return evaluated.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-hop-rate").inputs.threshold;
    };
    assert.equal(await threshold(["a", "b", "c"]), (await threshold([])) + 3);
  });

  it("deletes data on request, and only then", async () => {
    const evaluated = await evaluate(() => new StreamIngestion("in", someArgs({ removal: "delete" })));
    assert.ok(evaluated.resources.every(({ retainOnDelete }) => !retainOnDelete));
    assert.equal(evaluated.one("aws:s3/bucket:Bucket").inputs.forceDestroy, true);
    assert.equal(evaluated.one("aws:secretsmanager/secret:Secret").inputs.recoveryWindowInDays, 0);
  });

  it("denies other addresses and allows none, when ranges are given", async () => {
    const evaluated = await evaluate(
      () => new StreamIngestion("in", someArgs({ api: { allowedCidrs: ["203.0.113.0/24"] } })),
    );
    const { Statement } = JSON.parse(evaluated.one("aws:apigateway/restApiPolicy:RestApiPolicy").inputs.policy);
    assert.equal(Statement.length, 1);
    assert.equal(Statement[0].Effect, "Deny");
    assert.equal(Statement[0].Resource, "arn:aws:execute-api:eu-west-1:123456789012:in-api/*", "as AWS returns it");
    assert.deepEqual(Statement[0].Condition, { NotIpAddress: { "aws:SourceIp": ["203.0.113.0/24"] } });
  });

  it("asks for an API key beside the signature, never instead of it", async () => {
    const evaluated = await evaluate(
      () => new StreamIngestion("in", someArgs({ api: { authorization: "iam-and-api-key" } })),
    );
    for (const { inputs } of evaluated.all("aws:apigateway/method:Method"))
      assert.deepEqual([inputs.authorization, inputs.apiKeyRequired], ["AWS_IAM", true]);
    assert.equal(evaluated.all("aws:apigateway/usagePlanKey:UsagePlanKey").length, 1);
  });

  it("deploys the API anew when what it shows changes, and only then", async () => {
    const triggers = async (args = {}) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", someArgs(args)));
      return evaluated.one("aws:apigateway/deployment:Deployment").inputs.triggers;
    };
    const first = await triggers();
    assert.deepEqual(await triggers({ relay: { memorySize: 512 } }), first);
    assert.notDeepEqual(await triggers({ api: { allowedCidrs: ["203.0.113.0/24"] } }), first);
  });

  it("runs the processor on the runtime and architecture that it names, other code as it is", async () => {
    const code = new pulumi.asset.AssetArchive({
      "main.py": new pulumi.asset.StringAsset("def run(event, context): ..."),
    });
    const processor = { code, handler: "main.run", runtime: "python3.14", architecture: "x86_64" } as const;
    const evaluated = await evaluate(() => new StreamIngestion("in", someArgs({ processor })));
    const { inputs } = evaluated.one("aws:lambda/function:Function", "in-event-processor");
    assert.deepEqual([inputs.runtime, inputs.architectures, inputs.handler], ["python3.14", ["x86_64"], "main.run"]);
    // NODE_OPTIONS belongs to Node.
    assert.deepEqual(Object.keys(inputs.environment.variables).sort(), [
      "STREAM_INGESTION_BUCKET",
      "STREAM_INGESTION_DEPLOYMENT",
    ]);
    const manager = evaluated.one("aws:lambda/function:Function", "in-connection-manager").inputs;
    assert.deepEqual([manager.runtime, manager.architectures], ["nodejs24.x", ["arm64"]]);
  });

  it("maps to an existing function, with its policy on the role that is named", async () => {
    const functionArn = "arn:aws:lambda:eu-west-1:123456789012:function:mine";
    const named = await evaluate(
      () => new StreamIngestion("in", someArgs({ processor: { functionArn, roleName: "my-role" } })),
    );
    assert.equal(named.all("aws:lambda/function:Function").length, 3);
    const policy = named.one("aws:iam/rolePolicy:RolePolicy", "in-event-processor-policy");
    assert.equal(policy.inputs.role, "my-role");
    const mapping = named.one("aws:lambda/eventSourceMapping:EventSourceMapping");
    assert.equal(mapping.inputs.functionName, functionArn);
    assert.ok(mapping.dependsOn.includes(policy.urn));
    const age = named.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-iterator-age");
    assert.deepEqual(age.inputs.dimensions, { FunctionName: "mine" });

    const unnamed = await evaluate(() => new StreamIngestion("in", someArgs({ processor: { functionArn } })));
    assert.ok(unnamed.all("aws:iam/rolePolicy:RolePolicy").every(({ name }) => name !== "in-event-processor-policy"));
  });

  it("puts the connection manager alone into a network, and lets it make its interfaces", async () => {
    const network = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
    const evaluated = await evaluate(() => new StreamIngestion("in", someArgs({ network })));
    const inside = evaluated.all("aws:lambda/function:Function").filter(({ inputs }) => inputs.vpcConfig !== undefined);
    assert.deepEqual(
      inside.map(({ name }) => name),
      ["in-connection-manager"],
    );
    assert.ok(actionsOf(evaluated, "in-connection-manager-policy").includes("ec2:CreateNetworkInterface"));
  });

  it("makes a small VPC with one NAT gateway for a fixed address", async () => {
    const evaluated = await evaluate(() => new StreamIngestion("in", someArgs({ network: { fixedEgress: true } })), {
      preview: true,
    });
    const vpc = evaluated.one("awsx:ec2:Vpc");
    assert.equal(vpc.inputs.natGateways.strategy, "Single");
    assert.equal(evaluated.all("aws:ec2/securityGroup:SecurityGroup").length, 1);
  });

  it("releases anew when code, settings or memory change, and only then", async () => {
    const release = async (args = {}) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", someArgs(args)));
      return evaluated.one("aws:lambda/function:Function", "in-watchdog").inputs.environment.variables
        .STREAM_INGESTION_RELEASE;
    };
    const first = await release();
    assert.equal(await release({ streams: ["a"] }), first);
    assert.notEqual(await release({ relay: { memorySize: 512 } }), first);
    assert.notEqual(await release({ events: { ttlDays: 8 } }), first);
  });
});
