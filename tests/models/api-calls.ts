import { autonamed } from "./created";

/** One call of an AWS API, with the parameters as botocore names them. */
export interface ApiCall {
  /** Pulumi name and type of the resource, for messages. */
  readonly resource: string;
  readonly service: string;
  readonly operation: string;
  readonly params: object;
}

// biome-ignore lint/suspicious/noExplicitAny: wire values.
type Inputs = any;
type Call = readonly [service: string, operation: string, params: object];

const capital = (key: string) => key[0]!.toUpperCase() + key.slice(1);

/** The same value with capital keys: `batchSize` → `BatchSize`. */
export function pascal(value: Inputs): Inputs {
  if (Array.isArray(value)) return value.map(pascal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [capital(key), pascal(member)]));
}

export const tagList = (tags: Record<string, string> | undefined) =>
  tags && Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));

const patch = (path: string, value: unknown) => ({ op: "replace", path, value: String(value) });

/** What the provider sends to AWS to create a resource of each type. */
const CALLS: Readonly<Record<string, (inputs: Inputs, name: string) => readonly Call[]>> = {
  "aws:secretsmanager/secret:Secret": ({ name, description, kmsKeyId, recoveryWindowInDays, tags }, autoname) => [
    [
      "secretsmanager",
      "CreateSecret",
      { Name: name ?? autoname, Description: description, KmsKeyId: kmsKeyId, Tags: tagList(tags) },
    ],
    ...(recoveryWindowInDays === undefined || recoveryWindowInDays === 0
      ? []
      : [
          [
            "secretsmanager",
            "DeleteSecret",
            { SecretId: autoname, RecoveryWindowInDays: recoveryWindowInDays },
          ] as const,
        ]),
  ],
  "aws:secretsmanager/secretVersion:SecretVersion": ({ secretId, secretStringWo, secretStringWoVersion: _ }) => [
    ["secretsmanager", "PutSecretValue", { SecretId: secretId, SecretString: secretStringWo }],
  ],
  "aws:dynamodb/table:Table": (inputs, name) => {
    const {
      hashKey,
      rangeKey,
      attributes,
      billingMode,
      serverSideEncryption: sse,
      streamEnabled,
      streamViewType,
    } = inputs;
    const { readCapacity, writeCapacity, warmThroughput } = inputs;
    const { ttl, pointInTimeRecovery, deletionProtectionEnabled, tags } = inputs;
    const keys = [hashKey, rangeKey].filter((key) => key !== undefined);
    return [
      [
        "dynamodb",
        "CreateTable",
        {
          TableName: name,
          AttributeDefinitions: attributes.map((one: Inputs) => ({ AttributeName: one.name, AttributeType: one.type })),
          KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? "HASH" : "RANGE" })),
          BillingMode: billingMode,
          ProvisionedThroughput: readCapacity && { ReadCapacityUnits: readCapacity, WriteCapacityUnits: writeCapacity },
          WarmThroughput: warmThroughput && pascal(warmThroughput),
          SSESpecification: sse && { Enabled: sse.enabled, SSEType: "KMS", KMSMasterKeyId: sse.kmsKeyArn },
          StreamSpecification: streamEnabled && { StreamEnabled: streamEnabled, StreamViewType: streamViewType },
          DeletionProtectionEnabled: deletionProtectionEnabled,
          Tags: tagList(tags),
        },
      ],
      [
        "dynamodb",
        "UpdateContinuousBackups",
        {
          TableName: name,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: pointInTimeRecovery.enabled },
        },
      ],
      ...(ttl === undefined
        ? []
        : [["dynamodb", "UpdateTimeToLive", { TableName: name, TimeToLiveSpecification: pascal(ttl) }] as const]),
    ];
  },
  "aws:appautoscaling/target:Target": ({ tags, ...inputs }) => [
    ["application-autoscaling", "RegisterScalableTarget", { ...pascal(inputs), Tags: tags }],
  ],
  "aws:appautoscaling/policy:Policy": (inputs, PolicyName) => [
    ["application-autoscaling", "PutScalingPolicy", { PolicyName, ...pascal(inputs) }],
  ],
  "aws:dynamodb/tableItem:TableItem": ({ tableName, hashKey, item }) => [
    [
      "dynamodb",
      "PutItem",
      {
        TableName: tableName,
        Item: JSON.parse(item),
        ConditionExpression: "attribute_not_exists(#key)",
        ExpressionAttributeNames: { "#key": hashKey },
      },
    ],
  ],
  "aws:s3/bucket:Bucket": ({ forceDestroy: _, tags }, name) => [
    ["s3", "CreateBucket", { Bucket: name.toLowerCase() }],
    ...(tags
      ? [["s3", "PutBucketTagging", { Bucket: name.toLowerCase(), Tagging: { TagSet: tagList(tags) } }] as const]
      : []),
  ],
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ({ bucket, ...settings }) => [
    ["s3", "PutPublicAccessBlock", { Bucket: bucket, PublicAccessBlockConfiguration: pascal({ ...settings }) }],
  ],
  "aws:s3/bucketPolicy:BucketPolicy": ({ bucket, policy }) => [
    ["s3", "PutBucketPolicy", { Bucket: bucket, Policy: policy }],
  ],
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ({ bucket, rules }) => [
    [
      "s3",
      "PutBucketLifecycleConfiguration",
      {
        Bucket: bucket,
        LifecycleConfiguration: { Rules: rules.map(({ id, ...rule }: Inputs) => ({ ID: id, ...pascal(rule) })) },
      },
    ],
  ],
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ({ bucket, rules }) => [
    [
      "s3",
      "PutBucketEncryption",
      {
        Bucket: bucket,
        ServerSideEncryptionConfiguration: {
          Rules: rules.map(({ applyServerSideEncryptionByDefault: by, ...rule }: Inputs) => ({
            ...pascal(rule),
            ApplyServerSideEncryptionByDefault: { SSEAlgorithm: by.sseAlgorithm, KMSMasterKeyID: by.kmsMasterKeyId },
          })),
        },
      },
    ],
  ],
  "aws:cloudwatch/logGroup:LogGroup": ({ retentionInDays, kmsKeyId, tags }, name) => [
    ["logs", "CreateLogGroup", { logGroupName: name, kmsKeyId, tags }],
    ...(retentionInDays === 0
      ? []
      : [["logs", "PutRetentionPolicy", { logGroupName: name, retentionInDays }] as const]),
  ],
  "aws:iam/role:Role": ({ assumeRolePolicy, permissionsBoundary, path, tags }, name) => [
    [
      "iam",
      "CreateRole",
      {
        RoleName: name,
        Path: path,
        AssumeRolePolicyDocument: assumeRolePolicy,
        PermissionsBoundary: permissionsBoundary,
        Tags: tagList(tags),
      },
    ],
  ],
  "aws:iam/rolePolicy:RolePolicy": ({ role, policy }, name) => [
    ["iam", "PutRolePolicy", { RoleName: role, PolicyName: name, PolicyDocument: policy }],
  ],
  "aws:lambda/function:Function": ({ code: _, reservedConcurrentExecutions, ...inputs }, name) => {
    const { environment, kmsKeyArn, tags, timeout, role, ...rest } = inputs;
    return [
      [
        "lambda",
        "CreateFunction",
        {
          ...pascal(rest),
          FunctionName: name,
          Role: role,
          Timeout: timeout,
          Code: { ZipFile: "…" },
          Environment: { Variables: environment.variables },
          KMSKeyArn: kmsKeyArn,
          Tags: tags,
        },
      ],
      ...(reservedConcurrentExecutions === undefined
        ? []
        : [
            [
              "lambda",
              "PutFunctionConcurrency",
              { FunctionName: name, ReservedConcurrentExecutions: reservedConcurrentExecutions },
            ] as const,
          ]),
    ];
  },
  "aws:lambda/functionRecursionConfig:FunctionRecursionConfig": (inputs) => [
    ["lambda", "PutFunctionRecursionConfig", pascal({ ...inputs })],
  ],
  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (inputs) => [
    ["lambda", "PutFunctionEventInvokeConfig", pascal({ ...inputs })],
  ],
  "aws:lambda/eventSourceMapping:EventSourceMapping": ({ tags, destinationConfig, ...inputs }) => [
    [
      "lambda",
      "CreateEventSourceMapping",
      {
        ...pascal(inputs),
        DestinationConfig: destinationConfig && {
          OnFailure: { Destination: destinationConfig.onFailure.destinationArn },
        },
        Tags: tags,
      },
    ],
  ],
  "aws:lambda/permission:Permission": ({ function: FunctionName, ...inputs }, name) => [
    ["lambda", "AddPermission", { FunctionName, StatementId: name, ...pascal(inputs) }],
  ],
  "aws:apigateway/restApi:RestApi": ({ description, endpointConfiguration, tags }, name) => [
    [
      "apigateway",
      "CreateRestApi",
      { name, description, endpointConfiguration: endpointTypes(endpointConfiguration), tags },
    ],
  ],
  "aws:apigateway/restApiPolicy:RestApiPolicy": ({ restApiId, policy }) => [
    ["apigateway", "UpdateRestApi", { restApiId, patchOperations: [patch("/policy", policy)] }],
  ],
  "aws:apigateway/resource:Resource": ({ restApi, parentId, pathPart }) => [
    ["apigateway", "CreateResource", { restApiId: restApi, parentId, pathPart }],
  ],
  "aws:apigateway/method:Method": ({ restApi, authorization, ...rest }) => [
    ["apigateway", "PutMethod", { restApiId: restApi, authorizationType: authorization, ...rest }],
  ],
  "aws:apigateway/integration:Integration": ({ restApi, ...rest }) => [
    ["apigateway", "PutIntegration", { restApiId: restApi, ...rest }],
  ],
  "aws:apigateway/deployment:Deployment": ({ restApi, triggers: _ }) => [
    ["apigateway", "CreateDeployment", { restApiId: restApi }],
  ],
  "aws:apigateway/stage:Stage": ({
    restApi,
    deployment,
    stageName,
    xrayTracingEnabled,
    accessLogSettings: logs,
    tags,
  }) => [
    [
      "apigateway",
      "CreateStage",
      { restApiId: restApi, deploymentId: deployment, stageName, tracingEnabled: xrayTracingEnabled, tags },
    ],
    ...(logs === undefined
      ? []
      : [
          [
            "apigateway",
            "UpdateStage",
            {
              restApiId: restApi,
              stageName,
              patchOperations: [
                patch("/accessLogSettings/destinationArn", logs.destinationArn),
                patch("/accessLogSettings/format", logs.format),
              ],
            },
          ] as const,
        ]),
  ],
  "aws:apigateway/methodSettings:MethodSettings": ({ restApi, stageName, methodPath, settings }) => [
    [
      "apigateway",
      "UpdateStage",
      {
        restApiId: restApi,
        stageName,
        patchOperations: Object.entries(settings).map(([name, value]) => patch(`/${methodPath}/${name}`, value)),
      },
    ],
  ],
  "aws:apigateway/apiKey:ApiKey": ({ description, tags }, name) => [
    ["apigateway", "CreateApiKey", { name, description, enabled: true, tags }],
  ],
  "aws:apigateway/usagePlan:UsagePlan": ({ apiStages, tags }, name) => [
    ["apigateway", "CreateUsagePlan", { name, apiStages, tags }],
  ],
  "aws:apigateway/usagePlanKey:UsagePlanKey": ({ keyId, keyType, usagePlanId }) => [
    ["apigateway", "CreateUsagePlanKey", { keyId, keyType, usagePlanId }],
  ],
  "aws:scheduler/schedule:Schedule": (inputs, name) => [
    ["scheduler", "CreateSchedule", { Name: name, ...pascal({ ...inputs }) }],
  ],
  "aws:cloudwatch/metricAlarm:MetricAlarm": (inputs, name) => [
    ["cloudwatch", "PutMetricAlarm", metricAlarm(inputs, name)],
  ],
  "aws:cloudwatch/dashboard:Dashboard": ({ dashboardName, dashboardBody }) => [
    ["cloudwatch", "PutDashboard", { DashboardName: dashboardName, DashboardBody: dashboardBody }],
  ],
  "aws:ec2/securityGroup:SecurityGroup": ({ description, vpcId, egress, tags }, name) => [
    [
      "ec2",
      "CreateSecurityGroup",
      {
        GroupName: name,
        Description: description,
        VpcId: vpcId,
        TagSpecifications: tags && [{ ResourceType: "security-group", Tags: tagList(tags) }],
      },
    ],
    [
      "ec2",
      "AuthorizeSecurityGroupEgress",
      {
        GroupId: "sg-0123456789abcdef0",
        IpPermissions: egress.map(({ protocol, fromPort, toPort, cidrBlocks }: Inputs) => ({
          IpProtocol: protocol,
          FromPort: fromPort,
          ToPort: toPort,
          IpRanges: cidrBlocks.map((CidrIp: string) => ({ CidrIp })),
        })),
      },
    ],
  ],
  "aws:ec2/vpcEndpoint:VpcEndpoint": ({ tags, ...inputs }) => [
    [
      "ec2",
      "CreateVpcEndpoint",
      { ...pascal(inputs), TagSpecifications: tags && [{ ResourceType: "vpc-endpoint", Tags: tagList(tags) }] },
    ],
  ],
};

export const endpointTypes = ({ types, vpcEndpointIds }: Inputs) => ({ types: [types], vpcEndpointIds });

/** An alarm on one metric, or on an expression over several. */
export function metricAlarm({ dimensions, tags, metricQueries, okActions, ...inputs }: Inputs, name: string): object {
  const list = (members: Record<string, string> | undefined) =>
    members && Object.entries(members).map(([Name, Value]) => ({ Name, Value }));
  return {
    AlarmName: name,
    ...pascal(inputs),
    OKActions: okActions,
    Dimensions: list(dimensions),
    Metrics: metricQueries?.map(({ metric, ...query }: Inputs) => ({
      ...pascal(query),
      MetricStat: metric && {
        Metric: { Namespace: metric.namespace, MetricName: metric.metricName, Dimensions: list(metric.dimensions) },
        Period: metric.period,
        Stat: metric.stat,
        Unit: metric.unit,
      },
    })),
    Tags: tagList(tags),
  };
}

/**
 * The calls that create a resource. @throws Error for a type without calls, and for an input that no call uses, so that a new
 * input is never left unchecked.
 */
export function apiCalls(type: string, name: string, inputs: Inputs): ApiCall[] {
  const convert = CALLS[type];
  if (convert === undefined) throw new Error(`Add the API calls of ${type} to tests/models/api-calls.ts.`);
  const unread = new Set(Object.keys(inputs));
  const watched = new Proxy(inputs, {
    get: (target, key) => {
      unread.delete(key as string);
      return target[key];
    },
  });
  const calls = convert(watched, autonamed(name));
  if (unread.size > 0) throw new Error(`${type}: use ${[...unread].join(", ")} in tests/models/api-calls.ts.`);
  return calls.map(([service, operation, params]) => ({ resource: `${name} (${type})`, service, operation, params }));
}
