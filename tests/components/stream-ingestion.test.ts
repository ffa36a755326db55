import assert from "node:assert/strict";
import { mock } from "node:test";
import * as pulumi from "@pulumi/pulumi";
import { StreamIngestion, type StreamIngestionArgs } from "../../components";
import { ENV, METRIC } from "../../runtime/contract";
import { type Evaluated, evaluate, secretValue } from "../mocks/recording-monitor";
import { ENTRY, requiredArgs } from "./arguments";

const TYPE = "stream-ingestion:index:StreamIngestion";
const FUNCTIONS = ["connection-api", "connection-manager", "event-processor", "repeat-counter", "watchdog"];

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
  describe("with the required arguments", () => {
    let created: Evaluated;
    before(async () => {
      created = await evaluate(() => new StreamIngestion("in", requiredArgs()));
    });

    it("creates exactly these child resources, each with the component as parent", () => {
      const counts: Record<string, number> = {};
      for (const { type } of created.resources) counts[type] = (counts[type] ?? 0) + 1;
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
        "aws:cloudwatch/logGroup:LogGroup": 5,
        "aws:iam/role:Role": 6,
        "aws:iam/rolePolicy:RolePolicy": 7,
        "aws:lambda/function:Function": 5,
        "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": 1,
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": 1,
        "aws:lambda/eventSourceMapping:EventSourceMapping": 2,
        "aws:lambda/permission:Permission": 1,
        "aws:apigateway/restApi:RestApi": 1,
        "aws:apigateway/resource:Resource": 2,
        "aws:apigateway/method:Method": 4,
        "aws:apigateway/integration:Integration": 4,
        "aws:apigateway/deployment:Deployment": 1,
        "aws:apigateway/stage:Stage": 1,
        "aws:apigateway/methodSettings:MethodSettings": 1,
        "aws:scheduler/schedule:Schedule": 1,
        "aws:cloudwatch/metricAlarm:MetricAlarm": 13,
        "aws:cloudwatch/dashboard:Dashboard": 1,
      });
      const component = created.one(TYPE);
      for (const child of created.resources.filter(({ type }) => type.startsWith("aws:"))) {
        assert.equal(child.parent, component.urn, child.name);
        assert.match(child.name, /^in-/);
      }
    });

    it("creates two tables with keys and point-in-time recovery, and only the event table with a stream and TTL", () => {
      const connections = created.one("aws:dynamodb/table:Table", "in-connections").inputs;
      const events = created.one("aws:dynamodb/table:Table", "in-events").inputs;
      assert.equal(connections.hashKey, "streamId");
      assert.equal(connections.rangeKey, undefined);
      assert.equal(connections.streamEnabled, undefined);
      assert.equal(connections.ttl, undefined);
      assert.deepEqual([events.hashKey, events.rangeKey], ["streamId", "key"]);
      assert.deepEqual([events.streamEnabled, events.streamViewType], [true, "NEW_AND_OLD_IMAGES"]);
      assert.deepEqual(events.ttl, { attributeName: "ttl", enabled: true });
      for (const table of [connections, events]) {
        assert.equal(table.billingMode, "PAY_PER_REQUEST");
        assert.equal(table.pointInTimeRecovery.enabled, true);
        assert.equal(table.name, undefined, "no physical name is set");
      }
    });

    it("makes the bucket private and denies requests without TLS", () => {
      const block = created.one("aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock").inputs;
      for (const part of ["blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"])
        assert.equal(block[part], true, part);
      const [statement] = JSON.parse(created.one("aws:s3/bucketPolicy:BucketPolicy").inputs.policy).Statement;
      assert.equal(statement.Effect, "Deny");
      assert.equal(statement.Condition.Bool["aws:SecureTransport"], "false");
    });

    it("runs four functions on nodejs24.x and arm64 each with one code file and a separate log group", () => {
      const functions = created.all("aws:lambda/function:Function");
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

    it("lets the connection manager invoke itself without a limit, without retries", () => {
      const manager = created.one("aws:lambda/function:Function", "in-connection-manager").inputs;
      assert.equal(manager.timeout, 900);
      assert.equal(manager.memorySize, 256);
      assert.equal(
        created.one("aws:lambda/functionRecursionConfig:FunctionRecursionConfig").inputs.recursiveLoop,
        "Allow",
      );
      const { maximumRetryAttempts, maximumEventAgeInSeconds } = created.one(
        "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig",
      ).inputs;
      assert.deepEqual([maximumRetryAttempts, maximumEventAgeInSeconds], [0, 60]);
    });

    it("sets each function's environment, without secrets", () => {
      const names = (role: string) =>
        Object.keys(created.one("aws:lambda/function:Function", `in-${role}`).inputs.environment.variables).sort();
      assert.deepEqual(names("connection-manager"), [
        "MALLOC_ARENA_MAX",
        "MALLOC_MMAP_THRESHOLD_",
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
        "STREAM_INGESTION_SHARED_REQUEST",
      ]);
      assert.deepEqual(names("watchdog"), [
        "NODE_OPTIONS",
        "STREAM_INGESTION_CONNECTION_MANAGER",
        "STREAM_INGESTION_CONNECTION_TABLE",
        "STREAM_INGESTION_DECLARED_ROW",
        "STREAM_INGESTION_DEPLOYMENT",
        "STREAM_INGESTION_RELEASE",
        "STREAM_INGESTION_SETTINGS",
        "STREAM_INGESTION_SHARED_REQUEST",
        "STREAM_INGESTION_SOURCE_SECRET",
      ]);
      assert.deepEqual(names("event-processor"), [
        "NODE_OPTIONS",
        "STREAM_INGESTION_BUCKET",
        "STREAM_INGESTION_DEPLOYMENT",
      ]);
    });

    it("sends the processor only inserts and stores failed batches", () => {
      const { inputs } = created.one("aws:lambda/eventSourceMapping:EventSourceMapping", "in-mapping");
      assert.deepEqual(JSON.parse(inputs.filterCriteria.filters[0].pattern), { eventName: ["INSERT"] });
      assert.equal(inputs.startingPosition, "TRIM_HORIZON");
      assert.equal(inputs.bisectBatchOnFunctionError, true);
      assert.equal(inputs.maximumRetryAttempts, 5);
      assert.equal(inputs.maximumRecordAgeInSeconds, 79_200);
      assert.deepEqual(inputs.functionResponseTypes, ["ReportBatchItemFailures"]);
      assert.match(inputs.destinationConfig.onFailure.destinationArn, /in-bucket$/);
      assert.equal(inputs.batchSize, 100);
      assert.equal(inputs.parallelizationFactor, 1);
      assert.equal(inputs.maximumBatchingWindowInSeconds, 0);
    });

    it("sends the repeat counter only modifications, a minute of them at once", () => {
      const mapping = created.one("aws:lambda/eventSourceMapping:EventSourceMapping", "in-repeat-mapping");
      const { inputs } = mapping;
      assert.deepEqual(JSON.parse(inputs.filterCriteria.filters[0].pattern), { eventName: ["MODIFY"] });
      assert.deepEqual([inputs.batchSize, inputs.maximumBatchingWindowInSeconds], [10_000, 60]);
      assert.match(inputs.functionName, /in-repeat-counter/);
      assert.equal(inputs.destinationConfig, undefined);
      assert.ok(mapping.dependsOn.some((urn) => urn.endsWith("in-repeat-counter-policy")));
      const logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
      const stream = ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map(
        (one) => `dynamodb:${one}`,
      );
      assert.deepEqual(
        actionsOf(created, "in-repeat-counter-policy"),
        [...stream, "dynamodb:GetItem", "dynamodb:UpdateItem", ...logs].sort(),
      );
    });

    it("has an alarm for every way in which the processor can miss an event", () => {
      const mapping = created.one("aws:lambda/eventSourceMapping:EventSourceMapping", "in-mapping");
      assert.deepEqual(mapping.inputs.metricsConfig, { metrics: ["EventCount"] });
      const watched = ["processor-failures", "processor-discarded", "processor-dropped"].map((role) => {
        const { inputs } = created.one("aws:cloudwatch/metricAlarm:MetricAlarm", `in-${role}`);
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

    it("allows each role only the actions that it needs", () => {
      const logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
      const table = ["dynamodb:GetItem", "dynamodb:UpdateItem"];
      assert.deepEqual(
        actionsOf(created, "in-connection-manager-policy"),
        [...table, "dynamodb:BatchWriteItem", "secretsmanager:GetSecretValue", "s3:PutObject", ...logs].sort(),
      );
      assert.deepEqual(actionsOf(created, "in-connection-manager-chain-policy"), ["lambda:InvokeFunction"]);
      assert.deepEqual(
        actionsOf(created, "in-connection-api-policy"),
        [...table, "dynamodb:Scan", "lambda:InvokeFunction", ...logs].sort(),
      );
      assert.deepEqual(
        actionsOf(created, "in-watchdog-policy"),
        [...table, "dynamodb:Scan", "lambda:InvokeFunction", "secretsmanager:DescribeSecret", ...logs].sort(),
      );
      assert.deepEqual(actionsOf(created, "in-schedule-policy"), ["lambda:InvokeFunction"]);
    });

    it("restricts every statement to resources, except the action that AWS supports only on all resources", () => {
      const readers = ["in-event-processor-policy", "in-repeat-counter-policy"];
      for (const { name } of created.all("aws:iam/rolePolicy:RolePolicy"))
        for (const { Action, Resource } of policyOf(created, name))
          if (Resource.includes("*"))
            assert.deepEqual([readers.includes(name), Action], [true, ["dynamodb:ListStreams"]], name);
    });

    it("requires IAM on every route and restricts no address", () => {
      for (const { inputs } of created.all("aws:apigateway/method:Method")) {
        assert.equal(inputs.authorization, "AWS_IAM");
        assert.equal(inputs.apiKeyRequired, false);
      }
      assert.equal(created.all("aws:apigateway/restApiPolicy:RestApiPolicy").length, 0);
    });

    it("creates what invokes hops after everything that a hop needs", () => {
      const needed = [
        created.one("aws:iam/rolePolicy:RolePolicy", "in-connection-manager-chain-policy"),
        created.one("aws:lambda/functionRecursionConfig:FunctionRecursionConfig"),
        created.one("aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig"),
        created.one("aws:secretsmanager/secretVersion:SecretVersion"),
      ];
      for (const starter of [created.one("aws:scheduler/schedule:Schedule"), created.one("aws:apigateway/stage:Stage")])
        for (const { urn } of needed) assert.ok(starter.dependsOn.includes(urn), `${starter.name} needs ${urn}`);
    });

    it("creates each function after its policy, and the mapping after the processor's policy", () => {
      for (const role of FUNCTIONS) {
        const fn = created.one("aws:lambda/function:Function", `in-${role}`);
        assert.ok(fn.dependsOn.includes(created.one("aws:iam/rolePolicy:RolePolicy", `in-${role}-policy`).urn), role);
      }
      const mapping = created.one("aws:lambda/eventSourceMapping:EventSourceMapping", "in-mapping");
      assert.ok(
        mapping.dependsOn.includes(created.one("aws:iam/rolePolicy:RolePolicy", "in-event-processor-policy").urn),
      );
    });

    it("retains the resources with data, and those that keep the bucket private", () => {
      const retained = created.resources
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

    it("has an alarm for a watchdog that sends no metrics", () => {
      const alarms = created.resources.filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm");
      const breaching = alarms.filter(({ inputs }) => inputs.treatMissingData === "breaching");
      assert.deepEqual(
        breaching.map(({ name }) => name),
        ["in-watchdog-stopped"],
      );
      const { metricName, dimensions, statistic, comparisonOperator, threshold } = breaching[0]!.inputs;
      assert.deepEqual(
        { metricName, dimensions, statistic, comparisonOperator, threshold },
        {
          metricName: "WatchdogRuns",
          dimensions: { Deployment: "project-stack-in" },
          statistic: "Sum",
          comparisonOperator: "LessThanThreshold",
          threshold: 1,
        },
      );
    });

    it("has alarms for streams that are connected and useless, and for events that are not stored", () => {
      const streams = ["streams-not-storing", "streams-throttled", "streams-mute"];
      const alarms = [...streams, "events-abandoned", "events-refused"];
      const watched = alarms.map((role) => {
        const { inputs } = created.one("aws:cloudwatch/metricAlarm:MetricAlarm", `in-${role}`);
        assert.deepEqual(
          [inputs.comparisonOperator, inputs.threshold, inputs.period],
          ["GreaterThanThreshold", 0, 60],
          role,
        );
        return [inputs.metricName, inputs.statistic, inputs.evaluationPeriods];
      });
      assert.deepEqual(watched, [
        ["StreamsNotStoring", "Maximum", 5],
        ["StreamsThrottled", "Maximum", 5],
        ["StreamsMute", "Maximum", 1],
        ["EventsAbandoned", "Sum", 1],
        ["EventsRefused", "Sum", 1],
      ]);
    });

    it("shows on its dashboard every metric of the deployment", () => {
      const { dashboardBody } = created.one("aws:cloudwatch/dashboard:Dashboard").inputs;
      const shown = new Set(
        (JSON.parse(dashboardBody).widgets as { properties: { metrics?: string[][] } }[]).flatMap(
          ({ properties: { metrics = [] } }) => metrics.map(([, metric]) => metric),
        ),
      );
      assert.deepEqual([...shown].sort(), Object.values(METRIC).sort());
    });

    it("shows on its dashboard every alarm, first", () => {
      const { dashboardBody } = created.one("aws:cloudwatch/dashboard:Dashboard").inputs;
      const [first] = JSON.parse(dashboardBody).widgets as { type: string; properties: { alarms: string[] } }[];
      assert.equal(first?.type, "alarm");
      assert.equal(first.properties.alarms.length, created.all("aws:cloudwatch/metricAlarm:MetricAlarm").length);
    });

    it("registers its outputs", () => {
      assert.deepEqual(Object.keys(created.outputs.find((outputs) => "apiUrl" in outputs) ?? {}).sort(), [
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

  it("marks URL, path, key, headers, query and the processor's environment as secrets, whether they are plain or not", async () => {
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
        (_, value) => (secretValue(value) === undefined ? value : "[secret]"),
      );
      for (const text of plain) assert.ok(!withoutSecrets.includes(text), `${text} is in the plain inputs`);
      const stored = secretValue(evaluated.one("aws:secretsmanager/secretVersion:SecretVersion").inputs.secretStringWo);
      assert.deepEqual(JSON.parse(stored), {
        url,
        path,
        key,
        headers: { "x-token": header },
        query: { token: parameter },
      });
    }
  });

  it("shows API and watchdog whether all streams send the same request, as far as it is known, and no secret", async () => {
    const shown = async (source: StreamIngestionArgs["source"]) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ source })));
      return ["connection-api", "watchdog"].map(
        (role) =>
          evaluated.one("aws:lambda/function:Function", `in-${role}`).inputs.environment.variables
            .STREAM_INGESTION_SHARED_REQUEST,
      );
    };
    const url = pulumi.secret("https://upstream.example");
    const secretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine";
    assert.deepEqual(await shown({ url, path: pulumi.secret("/") }), ["true", "true"]);
    assert.deepEqual(await shown({ url, path: "/", query: { id: pulumi.secret("{streamId}") } }), ["false", "false"]);
    const messages = pulumi.secret(['{"subscribe":"{streamId}"}']);
    const webSocket = { url: pulumi.secret("wss://upstream.example"), path: "/", webSocket: { messages } };
    assert.deepEqual(await shown(webSocket), ["false", "false"]);
    assert.deepEqual(await shown({ secretArn }), [undefined, undefined]);
  });

  it("accepts an existing secret with every kind of credential", async () => {
    const secretArn = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mine";
    const settings = async (source: object) => {
      const evaluated = await evaluate(
        () => new StreamIngestion("in", requiredArgs({ source: { secretArn, ...source } })),
      );
      const { variables } = evaluated.one("aws:lambda/function:Function", "in-connection-manager").inputs.environment;
      return JSON.parse(variables.STREAM_INGESTION_SETTINGS).source;
    };
    const oauth2 = await settings({ auth: { kind: "oauth2" }, oauth2: { scope: "read", clientAuth: "post" } });
    assert.deepEqual(oauth2.auth, { kind: "oauth2", clientAuth: "post", scope: "read" });
    assert.deepEqual((await settings({ auth: { kind: "oauth2" } })).auth, { kind: "oauth2", clientAuth: "basic" });
    assert.deepEqual((await settings({ auth: { kind: "basic" } })).auth, { kind: "basic" });
    const post = { method: "POST", end: "complete", resume: { kind: "body" }, webSocket: { pingIntervalSeconds: 5 } };
    assert.partialDeepStrictEqual(await settings(post), { method: "POST", resume: { kind: "body" } });
  });

  it("can be used twice in one program", async () => {
    const evaluated = await evaluate(() => {
      new StreamIngestion("one", requiredArgs());
      new StreamIngestion("two", requiredArgs());
    });
    const urns = evaluated.resources.map(({ urn }) => urn);
    assert.equal(new Set(urns).size, urns.length);
    assert.equal(evaluated.all("aws:lambda/function:Function").length, 10);
  });

  it("can be previewed with unknown arguments", async () => {
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
    assert.equal(evaluated.all("aws:lambda/function:Function").length, 4);
    assert.equal(evaluated.all("aws:lambda/eventSourceMapping:EventSourceMapping").length, 2);
  });

  it("declares streams in a separate row", async () => {
    const item = async (streams?: string[]) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ streams })));
      return JSON.parse(evaluated.one("aws:dynamodb/tableItem:TableItem").inputs.item);
    };
    assert.deepEqual(await item(["a", "b"]), {
      streamId: { S: "#declared" },
      streams: { L: [{ S: "a" }, { S: "b" }] },
    });
    assert.deepEqual(await item(), { streamId: { S: "#declared" }, streams: { L: [] } });
  });

  it("names the identity in force once per component", async () => {
    const info = mock.method(pulumi.log, "info", () => {});
    try {
      const events = { identity: { kind: "pointer" as const, pointer: "/id" }, ttlDays: 1 };
      await evaluate(() => [
        new StreamIngestion("a", requiredArgs()),
        new StreamIngestion("b", requiredArgs({ events })),
      ]);
      const messages = info.mock.calls.map(({ arguments: [message] }: { arguments: unknown[] }) => String(message));
      assert.equal(messages.length, 2);
      assert.match(
        messages[0]!,
        /^events\.identity is content: of events with equal type and data within 7 days, only the first/,
      );
      assert.match(
        messages[1]!,
        /^events\.identity is pointer: of events with an equal value at \/id within 1 day, only/,
      );
    } finally {
      info.mock.restore();
    }
  });

  it("counts no repeats with countRepeats false, and keeps the stream of the table as it is", async () => {
    const events = { countRepeats: false };
    const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ events })));
    assert.ok(evaluated.resources.every(({ name }) => !name.includes("repeat")));
    assert.equal(evaluated.all("aws:lambda/eventSourceMapping:EventSourceMapping").length, 1);
    assert.equal(evaluated.one("aws:dynamodb/table:Table", "in-events").inputs.streamViewType, "NEW_AND_OLD_IMAGES");
  });

  it("stores packs with the permissions to read them back, after the processor is updated, and counts no repeats", async () => {
    const args = requiredArgs({ events: { storage: "packed" } });
    const created = await evaluate(() => new StreamIngestion("in", args));
    const manager = actionsOf(created, "in-connection-manager-policy");
    assert.deepEqual(
      manager.filter((action) => action === "dynamodb:Query" || action === "dynamodb:BatchGetItem"),
      ["dynamodb:BatchGetItem", "dynamodb:Query"],
    );
    const progress = policyOf(created, "in-event-processor-policy").filter(({ Resource }) =>
      Resource.some((arn) => arn.endsWith("/progress/*")),
    );
    assert.deepEqual(
      progress.map(({ Action }) => Action),
      [["s3:GetObject", "s3:PutObject"]],
    );
    const functions = "aws:lambda/function:Function";
    const processor = created.one(functions, "in-event-processor").urn;
    assert.ok(created.one(functions, "in-connection-manager").dependsOn.includes(processor));
    assert.equal(created.one("aws:lambda/eventSourceMapping:EventSourceMapping").inputs.batchSize, 10);
    assert.ok(created.resources.every(({ name }) => !name.includes("repeat")));
    const { rules } = created.one("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration").inputs;
    assert.deepEqual(
      rules.map(({ filter }: { filter: object }) => filter),
      [{ prefix: "oversize/" }, { prefix: "progress/" }],
    );
  });

  it("can read packs after the return to one item for each event", async () => {
    const args = requiredArgs({ events: { storage: "each" } });
    const created = await evaluate(() => new StreamIngestion("in", args));
    const actions = actionsOf(created, "in-connection-manager-policy");
    assert.deepEqual([actions.includes("dynamodb:Query"), actions.includes("dynamodb:BatchGetItem")], [true, false]);
  });

  it("creates the alarm for missing events only where the source numbers its events", async () => {
    const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ events: { sequence: "/n" } })));
    const { inputs } = evaluated.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-events-missing");
    assert.deepEqual([inputs.metricName, inputs.statistic, inputs.threshold], ["EventsMissing", "Sum", 0]);
    const manager = evaluated.one("aws:lambda/function:Function", "in-connection-manager").inputs;
    assert.equal(JSON.parse(manager.environment.variables[ENV.settings]).events.sequence, "/n");
  });

  it("creates alarms with the user's settings, and none that is switched off", async () => {
    const alarms = {
      topicArn: "arn:aws:sns:eu-west-1:123456789012:pager",
      eventsRefused: { threshold: 100, periodSeconds: 300, evaluationPeriods: 2 },
      hopRate: { threshold: 500 },
      streamsMute: { enabled: false },
    };
    const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ streams: ["a", "b"], alarms })));
    const all = evaluated.resources.filter(({ type }) => type === "aws:cloudwatch/metricAlarm:MetricAlarm");
    assert.equal(all.length, 12);
    assert.ok(
      all.every(({ name, inputs }) => name !== "in-streams-mute" && inputs.alarmActions[0] === alarms.topicArn),
    );
    const { inputs } = evaluated.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-events-refused");
    assert.deepEqual([inputs.threshold, inputs.period, inputs.evaluationPeriods], [100, 300, 2]);
    const hopRate = evaluated.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-hop-rate").inputs;
    assert.equal(hopRate.threshold, 500, "a threshold is used as given");
  });

  it("raises the threshold of the hop rate alarm with the number of streams", async () => {
    const threshold = async (streams: string[]) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ streams })));
      return evaluated.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-hop-rate").inputs.threshold;
    };
    assert.equal(await threshold(["a", "b", "c"]), (await threshold([])) + 3);
  });

  it("deletes data only with removal set to delete", async () => {
    const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ removal: "delete" })));
    assert.ok(evaluated.resources.every(({ retainOnDelete }) => !retainOnDelete));
    assert.equal(evaluated.one("aws:s3/bucket:Bucket").inputs.forceDestroy, true);
    assert.equal(evaluated.one("aws:secretsmanager/secret:Secret").inputs.recoveryWindowInDays, 0);
  });

  it("denies addresses outside the allowed ranges, and grants nothing to those inside", async () => {
    const evaluated = await evaluate(
      () => new StreamIngestion("in", requiredArgs({ api: { allowedCidrs: ["203.0.113.0/24"] } })),
    );
    const { Statement } = JSON.parse(evaluated.one("aws:apigateway/restApiPolicy:RestApiPolicy").inputs.policy);
    assert.equal(Statement.length, 1);
    assert.equal(Statement[0].Effect, "Deny");
    assert.equal(Statement[0].Resource, "arn:aws:execute-api:eu-west-1:123456789012:in-api/*", "as AWS returns it");
    assert.deepEqual(Statement[0].Condition, { NotIpAddress: { "aws:SourceIp": ["203.0.113.0/24"] } });
  });

  it("requires an API key in addition to the signature, never instead of it", async () => {
    const evaluated = await evaluate(
      () => new StreamIngestion("in", requiredArgs({ api: { authorization: "iam-and-api-key" } })),
    );
    for (const { inputs } of evaluated.all("aws:apigateway/method:Method"))
      assert.deepEqual([inputs.authorization, inputs.apiKeyRequired], ["AWS_IAM", true]);
    assert.equal(evaluated.all("aws:apigateway/usagePlanKey:UsagePlanKey").length, 1);
  });

  it("deploys the API again only when its definition changes", async () => {
    const triggers = async (args = {}) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs(args)));
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
    const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ processor })));
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

  it("maps to an existing function and attaches its policy to the named role", async () => {
    const functionArn = "arn:aws:lambda:eu-west-1:123456789012:function:mine";
    const named = await evaluate(
      () => new StreamIngestion("in", requiredArgs({ processor: { functionArn, roleName: "my-role" } })),
    );
    assert.equal(named.all("aws:lambda/function:Function").length, 4);
    const policy = named.one("aws:iam/rolePolicy:RolePolicy", "in-event-processor-policy");
    assert.equal(policy.inputs.role, "my-role");
    const mapping = named.one("aws:lambda/eventSourceMapping:EventSourceMapping", "in-mapping");
    assert.equal(mapping.inputs.functionName, functionArn);
    assert.ok(mapping.dependsOn.includes(policy.urn));
    const age = named.one("aws:cloudwatch/metricAlarm:MetricAlarm", "in-iterator-age");
    assert.deepEqual(age.inputs.dimensions, { FunctionName: "mine" });

    const unnamed = await evaluate(() => new StreamIngestion("in", requiredArgs({ processor: { functionArn } })));
    assert.ok(unnamed.all("aws:iam/rolePolicy:RolePolicy").every(({ name }) => name !== "in-event-processor-policy"));
  });

  it("puts only the connection manager into the VPC, and allows it to create network interfaces", async () => {
    const network = { subnetIds: ["subnet-1"], securityGroupIds: ["sg-1"] };
    const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs({ network })));
    const inside = evaluated.all("aws:lambda/function:Function").filter(({ inputs }) => inputs.vpcConfig !== undefined);
    assert.deepEqual(
      inside.map(({ name }) => name),
      ["in-connection-manager"],
    );
    assert.ok(actionsOf(evaluated, "in-connection-manager-policy").includes("ec2:CreateNetworkInterface"));
  });

  it("creates a small VPC with one NAT gateway for a fixed address", async () => {
    const evaluated = await evaluate(
      () => new StreamIngestion("in", requiredArgs({ network: { fixedEgress: true } })),
      {
        preview: true,
      },
    );
    const vpc = evaluated.one("awsx:ec2:Vpc");
    assert.equal(vpc.inputs.natGateways.strategy, "Single");
    assert.equal(evaluated.all("aws:ec2/securityGroup:SecurityGroup").length, 1);
  });

  it("changes the release only when code, settings or memory change", async () => {
    const release = async (args = {}) => {
      const evaluated = await evaluate(() => new StreamIngestion("in", requiredArgs(args)));
      return evaluated.one("aws:lambda/function:Function", "in-watchdog").inputs.environment.variables
        .STREAM_INGESTION_RELEASE;
    };
    const first = await release();
    assert.equal(await release({ streams: ["a"] }), first);
    assert.notEqual(await release({ relay: { memorySize: 512 } }), first);
    assert.notEqual(await release({ events: { ttlDays: 8 } }), first);
  });
});
