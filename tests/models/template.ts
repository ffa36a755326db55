import { endpointTypes, metricAlarm, pascal, tagList } from "./api-calls";
import type { Captured } from "./captured";
import { autonamed } from "./created";

// biome-ignore lint/suspicious/noExplicitAny: wire values.
type Inputs = any;
type Properties = Record<string, unknown>;

/** Types that are settings of another resource in CloudFormation, merged into the resource that the input names. */
const SETTINGS: Readonly<Record<string, (inputs: Inputs) => readonly [ofType: string, Properties]>> = {
  "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": ({ bucket: _, ...settings }) => [
    "AWS::S3::Bucket",
    { PublicAccessBlockConfiguration: pascal(settings) },
  ],
  "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": ({ rules }) => [
    "AWS::S3::Bucket",
    {
      LifecycleConfiguration: {
        Rules: rules.map(({ id, status, filter, expiration }: Inputs) => ({
          Id: id,
          Status: status,
          Prefix: filter.prefix,
          ExpirationInDays: expiration.days,
        })),
      },
    },
  ],
  "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": ({ rules }) => [
    "AWS::S3::Bucket",
    {
      BucketEncryption: {
        ServerSideEncryptionConfiguration: rules.map((rule: Inputs) => ({
          BucketKeyEnabled: rule.bucketKeyEnabled,
          ServerSideEncryptionByDefault: {
            SSEAlgorithm: rule.applyServerSideEncryptionByDefault.sseAlgorithm,
            KMSMasterKeyID: rule.applyServerSideEncryptionByDefault.kmsMasterKeyId,
          },
        })),
      },
    },
  ],
  "aws:secretsmanager/secretVersion:SecretVersion": ({ secretStringWo }) => [
    "AWS::SecretsManager::Secret",
    { SecretString: secretStringWo },
  ],
  "aws:apigateway/restApiPolicy:RestApiPolicy": ({ policy }) => [
    "AWS::ApiGateway::RestApi",
    { Policy: JSON.parse(policy) },
  ],
  "aws:apigateway/methodSettings:MethodSettings": ({ methodPath, settings }) => {
    const [ResourcePath, HttpMethod] = methodPath.split("/");
    return [
      "AWS::ApiGateway::Stage",
      { MethodSettings: [{ ResourcePath: `/${ResourcePath}`, HttpMethod, ...pascal(settings) }] },
    ];
  },
};

/** The properties of each type. Absent: the type has no counterpart (an item of a table, the recursion of one function). */
const PROPERTIES: Readonly<Record<string, (inputs: Inputs, name: string) => readonly [type: string, Properties]>> = {
  "aws:secretsmanager/secret:Secret": ({ description, kmsKeyId, tags }, Name) => [
    "AWS::SecretsManager::Secret",
    { Name, Description: description, KmsKeyId: kmsKeyId, Tags: tagList(tags) },
  ],
  "aws:dynamodb/table:Table": (inputs, TableName) => {
    const { hashKey, rangeKey, attributes, serverSideEncryption: sse, streamViewType, ttl, tags } = inputs;
    const keys = [hashKey, rangeKey].filter((key) => key !== undefined);
    return [
      "AWS::DynamoDB::Table",
      {
        TableName,
        BillingMode: inputs.billingMode,
        ProvisionedThroughput: inputs.readCapacity && {
          ReadCapacityUnits: inputs.readCapacity,
          WriteCapacityUnits: inputs.writeCapacity,
        },
        WarmThroughput: inputs.warmThroughput && pascal(inputs.warmThroughput),
        AttributeDefinitions: attributes.map((one: Inputs) => ({ AttributeName: one.name, AttributeType: one.type })),
        KeySchema: keys.map((AttributeName, index) => ({ AttributeName, KeyType: index === 0 ? "HASH" : "RANGE" })),
        SSESpecification: sse && { SSEEnabled: sse.enabled, SSEType: "KMS", KMSMasterKeyId: sse.kmsKeyArn },
        StreamSpecification: streamViewType && { StreamViewType: streamViewType },
        TimeToLiveSpecification: ttl && pascal(ttl),
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: inputs.pointInTimeRecovery.enabled },
        DeletionProtectionEnabled: inputs.deletionProtectionEnabled,
        Tags: tagList(tags),
      },
    ];
  },
  "aws:appautoscaling/target:Target": ({ tags: _, ...inputs }) => [
    "AWS::ApplicationAutoScaling::ScalableTarget",
    pascal(inputs),
  ],
  "aws:appautoscaling/policy:Policy": (inputs, PolicyName) => [
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    { PolicyName, ...pascal(inputs) },
  ],
  "aws:s3/bucket:Bucket": ({ tags }, name) => [
    "AWS::S3::Bucket",
    { BucketName: name.toLowerCase(), Tags: tagList(tags) },
  ],
  "aws:s3/bucketPolicy:BucketPolicy": ({ bucket, policy }) => [
    "AWS::S3::BucketPolicy",
    { Bucket: bucket, PolicyDocument: JSON.parse(policy) },
  ],
  "aws:cloudwatch/logGroup:LogGroup": ({ retentionInDays, kmsKeyId, tags }, LogGroupName) => [
    "AWS::Logs::LogGroup",
    { LogGroupName, RetentionInDays: retentionInDays || undefined, KmsKeyId: kmsKeyId, Tags: tagList(tags) },
  ],
  "aws:iam/role:Role": ({ assumeRolePolicy, permissionsBoundary, path, tags }, RoleName) => [
    "AWS::IAM::Role",
    {
      RoleName,
      Path: path,
      AssumeRolePolicyDocument: JSON.parse(assumeRolePolicy),
      PermissionsBoundary: permissionsBoundary,
      Tags: tagList(tags),
    },
  ],
  "aws:iam/rolePolicy:RolePolicy": ({ role, policy }, PolicyName) => [
    "AWS::IAM::RolePolicy",
    { RoleName: role, PolicyName, PolicyDocument: JSON.parse(policy) },
  ],
  "aws:lambda/function:Function": ({ code: _, environment, kmsKeyArn, tags, ...inputs }, FunctionName) => [
    "AWS::Lambda::Function",
    {
      FunctionName,
      ...pascal(inputs),
      Code: { S3Bucket: "code-bucket", S3Key: "code.zip" },
      Environment: { Variables: environment.variables },
      KmsKeyArn: kmsKeyArn,
      Tags: tagList(tags),
    },
  ],
  "aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig": (inputs) => [
    "AWS::Lambda::EventInvokeConfig",
    { ...pascal(inputs), Qualifier: "$LATEST" },
  ],
  "aws:lambda/eventSourceMapping:EventSourceMapping": ({ tags, destinationConfig, ...inputs }) => [
    "AWS::Lambda::EventSourceMapping",
    {
      ...pascal(inputs),
      DestinationConfig: destinationConfig && {
        OnFailure: { Destination: destinationConfig.onFailure.destinationArn },
      },
      Tags: tags && Object.keys(tags).length > 0 ? tagList(tags) : undefined,
    },
  ],
  "aws:lambda/permission:Permission": ({ function: FunctionName, ...inputs }) => [
    "AWS::Lambda::Permission",
    { FunctionName, ...pascal(inputs) },
  ],
  "aws:apigateway/restApi:RestApi": ({ description, endpointConfiguration, tags }, Name) => [
    "AWS::ApiGateway::RestApi",
    {
      Name,
      Description: description,
      EndpointConfiguration: pascal(endpointTypes(endpointConfiguration)),
      Tags: tagList(tags),
    },
  ],
  "aws:apigateway/resource:Resource": ({ restApi, parentId, pathPart }) => [
    "AWS::ApiGateway::Resource",
    { RestApiId: restApi, ParentId: parentId, PathPart: pathPart },
  ],
  "aws:apigateway/method:Method": ({ restApi, authorization, ...rest }) => [
    "AWS::ApiGateway::Method",
    { RestApiId: restApi, AuthorizationType: authorization, ...pascal(rest) },
  ],
  "aws:apigateway/deployment:Deployment": ({ restApi }) => ["AWS::ApiGateway::Deployment", { RestApiId: restApi }],
  "aws:apigateway/stage:Stage": ({
    restApi,
    deployment,
    stageName,
    xrayTracingEnabled,
    accessLogSettings: logs,
    tags,
  }) => [
    "AWS::ApiGateway::Stage",
    {
      RestApiId: restApi,
      DeploymentId: deployment,
      StageName: stageName,
      TracingEnabled: xrayTracingEnabled,
      AccessLogSetting: logs && pascal(logs),
      Tags: tagList(tags),
    },
  ],
  "aws:apigateway/apiKey:ApiKey": ({ tags }, Name) => [
    "AWS::ApiGateway::ApiKey",
    { Name, Enabled: true, Tags: tagList(tags) },
  ],
  "aws:apigateway/usagePlan:UsagePlan": ({ apiStages, tags }, UsagePlanName) => [
    "AWS::ApiGateway::UsagePlan",
    { UsagePlanName, ApiStages: pascal(apiStages), Tags: tagList(tags) },
  ],
  "aws:apigateway/usagePlanKey:UsagePlanKey": (inputs) => ["AWS::ApiGateway::UsagePlanKey", pascal(inputs)],
  "aws:scheduler/schedule:Schedule": (inputs, Name) => ["AWS::Scheduler::Schedule", { Name, ...pascal(inputs) }],
  "aws:cloudwatch/metricAlarm:MetricAlarm": (inputs, name) => [
    "AWS::CloudWatch::Alarm",
    metricAlarm(inputs, name) as Properties,
  ],
  "aws:cloudwatch/dashboard:Dashboard": ({ dashboardName, dashboardBody }) => [
    "AWS::CloudWatch::Dashboard",
    { DashboardName: dashboardName, DashboardBody: dashboardBody },
  ],
  "aws:ec2/securityGroup:SecurityGroup": ({ description, vpcId, egress, tags }, GroupName) => [
    "AWS::EC2::SecurityGroup",
    {
      GroupName,
      GroupDescription: description,
      VpcId: vpcId,
      SecurityGroupEgress: egress.map(({ protocol, fromPort, toPort, cidrBlocks: [CidrIp] }: Inputs) => ({
        IpProtocol: protocol,
        ...(protocol !== "-1" && { FromPort: fromPort, ToPort: toPort }),
        CidrIp,
      })),
      Tags: tagList(tags),
    },
  ],
  "aws:ec2/vpcEndpoint:VpcEndpoint": ({ tags, ...inputs }) => [
    "AWS::EC2::VPCEndpoint",
    { ...pascal(inputs), Tags: tagList(tags) },
  ],
};

export interface Template {
  readonly AWSTemplateFormatVersion: "2010-09-09";
  readonly Resources: Record<string, { readonly Type: string; readonly Properties: Properties }>;
}

export const templateOf = (Resources: Template["Resources"]): Template => ({
  AWSTemplateFormatVersion: "2010-09-09",
  Resources,
});

/** The same resources in a CloudFormation template. References are the values that AWS would assign. */
export function resourcesOf(resources: readonly Captured[]): Template["Resources"] {
  const declared: Template["Resources"] = {};
  const logicalId = (name: string) => name.replace(/[^A-Za-z0-9]/g, "X");
  for (const { type, name, inputs } of resources) {
    const convert = PROPERTIES[type];
    if (convert === undefined) continue;
    const [Type, Properties] = convert(inputs, autonamed(name));
    declared[logicalId(name)] = { Type, Properties };
  }
  for (const { type, inputs } of resources) {
    const [ofType, settings] = SETTINGS[type]?.(inputs) ?? [];
    const owner = Object.values(declared).find(({ Type }) => Type === ofType);
    if (owner !== undefined) Object.assign(owner.Properties, settings);
  }
  const recursion = resources.some(({ type }) => type === "aws:lambda/functionRecursionConfig:FunctionRecursionConfig");
  const manager = Object.entries(declared).find(([id]) => id.endsWith("XconnectionXmanager"))?.[1];
  if (recursion && manager !== undefined) manager.Properties.RecursiveLoop = "Allow";
  return declared;
}
