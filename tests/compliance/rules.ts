import type { Evaluated, Registered } from "../mocks/recording-monitor";

/** A control of AWS Security Hub (`DynamoDB.2`) or a managed rule of AWS Config (`lambda-dlq-check`). */
export interface Rule {
  readonly control: string;
  readonly requires: string;
  /** Whether every resource of a deployment fulfils it. */
  readonly holds: (deployment: Evaluated) => boolean;
  /** What makes it hold, where the default does not: arguments, a transform, or a resource next to the component. */
  readonly argument?: string;
  readonly transform?: string;
  readonly outside?: string;
}

// biome-ignore lint/suspicious/noExplicitAny: inputs as the engine receives them.
type Check = (inputs: any, resource: Registered) => unknown;

const every = (type: string, check: Check) => (deployment: Evaluated) => {
  const all = deployment.all(type);
  return all.length > 0 && all.every((resource) => Boolean(check(resource.inputs, resource)));
};

const table = (check: Check) => every("aws:dynamodb/table:Table", check);
const lambda = (check: Check) => every("aws:lambda/function:Function", check);
const logGroup = (check: Check) => every("aws:cloudwatch/logGroup:LogGroup", check);
const stage = (check: Check) => every("aws:apigateway/stage:Stage", check);
const bucket = (check: Check) => every("aws:s3/bucket:Bucket", check);
const secret = (check: Check) => every("aws:secretsmanager/secret:Secret", check);
const role = (check: Check) => every("aws:iam/role:Role", check);
const policy = (check: (statements: readonly Statement[]) => boolean) =>
  every("aws:iam/rolePolicy:RolePolicy", (inputs) => check(JSON.parse(inputs.policy).Statement));
const tagged: Check = ({ tags }) => Object.keys(tags ?? {}).length > 0;

interface Statement {
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
}

/** Each rule that concerns a resource of the component. */
export const RULES: readonly Rule[] = [
  {
    control: "APIGateway.1",
    requires: "Execution logging of REST APIs",
    holds: every("aws:apigateway/methodSettings:MethodSettings", ({ settings }) =>
      ["ERROR", "INFO"].includes(settings.loggingLevel),
    ),
    argument: "`api.accessLogs`",
  },
  {
    control: "APIGateway.2",
    requires: "A client certificate for the backend",
    holds: stage(({ clientCertificateId }) => clientCertificateId),
    transform: "`transform.stage`: `clientCertificateId`",
  },
  {
    control: "APIGateway.3",
    requires: "X-Ray tracing of the stage",
    holds: stage(({ xrayTracingEnabled }) => xrayTracingEnabled),
    argument: "`account.tracing`",
  },
  {
    control: "APIGateway.4",
    requires: "A web ACL on the stage",
    holds: () => false,
    outside: "`aws.wafv2.WebAclAssociation` with `nodes.stage.arn`",
  },
  {
    control: "APIGateway.5",
    requires: "An encrypted cache (the stage has none)",
    holds: stage(({ cacheClusterEnabled }) => !cacheClusterEnabled),
  },
  {
    control: "APIGateway.8",
    requires: "An authorization type for each route (for HTTP APIs; here: each method)",
    holds: every("aws:apigateway/method:Method", ({ authorization }) => authorization === "AWS_IAM"),
  },
  {
    control: "APIGateway.9",
    requires: "Access logging of the stage (for HTTP APIs; here: of the REST API)",
    holds: stage(({ accessLogSettings }) => accessLogSettings?.destinationArn),
    argument: "`api.accessLogs`",
  },
  {
    control: "api-gw-endpoint-type-check (PRIVATE)",
    requires: "A private endpoint",
    holds: every(
      "aws:apigateway/restApi:RestApi",
      ({ endpointConfiguration }) => endpointConfiguration.types === "PRIVATE",
    ),
    argument: "`api.privateApi`",
  },
  {
    control: "CloudWatch.15",
    requires: "An action for each alarm",
    holds: every("aws:cloudwatch/metricAlarm:MetricAlarm", ({ alarmActions }) => alarmActions?.length > 0),
    argument: "`alarms.topicArn`",
  },
  {
    control: "CloudWatch.16",
    requires: "Logs kept for a year",
    holds: logGroup(({ retentionInDays }) => retentionInDays === 0 || retentionInDays >= 365),
    argument: "`account.logRetentionDays`",
  },
  {
    control: "cloudwatch-log-group-encrypted",
    requires: "Log groups under a KMS key",
    holds: logGroup(({ kmsKeyId }) => kmsKeyId),
    argument: "`account.kmsKeyArn`",
  },
  {
    control: "DynamoDB.1",
    requires: "Capacity that scales with demand",
    holds: table(({ billingMode }) => billingMode === "PAY_PER_REQUEST"),
  },
  {
    control: "DynamoDB.2",
    requires: "Point-in-time recovery",
    holds: table(({ pointInTimeRecovery }) => pointInTimeRecovery.enabled),
  },
  {
    control: "DynamoDB.4",
    requires: "A backup plan",
    holds: () => false,
    outside: "`aws.backup.Selection` with `nodes.eventTable.arn` and `nodes.connectionTable.arn`",
  },
  { control: "DynamoDB.5", requires: "Tags of tables", holds: table(tagged), argument: "`tags`" },
  {
    control: "DynamoDB.6",
    requires: "Deletion protection",
    holds: table(({ deletionProtectionEnabled }) => deletionProtectionEnabled),
    argument: "`account.deletionProtection`",
  },
  {
    control: "dynamodb-table-encrypted-kms",
    requires: "Tables under a KMS key",
    holds: table(({ serverSideEncryption }) => serverSideEncryption?.kmsKeyArn),
    argument: "`account.kmsKeyArn`",
  },
  {
    control: "IAM.1",
    requires: "No policy that allows every action",
    holds: policy((statements) => statements.every(({ Action }) => !Action.includes("*"))),
  },
  {
    control: "IAM.21",
    requires: "No policy that allows every action of a service",
    holds: policy((statements) => statements.every(({ Action }) => !Action.some((action) => /:\*$/.test(action)))),
  },
  { control: "IAM.24", requires: "Tags of roles", holds: role(tagged), argument: "`tags`" },
  {
    control: "iam-no-inline-policy-check",
    requires: "No inline policy of a user, group or role",
    holds: (deployment) => deployment.all("aws:iam/rolePolicy:RolePolicy").length === 0,
    outside: "an exemption of its roles, whose policies are inline",
  },
  {
    control: "Permissions boundary",
    requires: "A boundary of each role",
    holds: role(({ permissionsBoundary }) => permissionsBoundary),
    argument: "`account.permissionsBoundary`",
  },
  {
    control: "KMS.2",
    requires: "No inline policy that decrypts with every key",
    holds: policy((statements) =>
      statements.every(({ Action, Resource }) => !Action.includes("kms:Decrypt") || !Resource.includes("*")),
    ),
  },
  {
    control: "Lambda.1",
    requires: "No public access to a function",
    holds: every(
      "aws:lambda/permission:Permission",
      ({ principal, sourceArn }) => principal !== "*" && sourceArn !== undefined,
    ),
  },
  {
    control: "Lambda.2",
    requires: "A supported runtime",
    holds: lambda(({ runtime }) => runtime === "nodejs24.x"),
  },
  {
    control: "Lambda.3",
    requires: "Functions in a VPC",
    holds: lambda(({ vpcConfig }) => vpcConfig),
    argument: '`network` with `functions: "all"`',
  },
  {
    control: "Lambda.5",
    requires: "Functions in two availability zones",
    holds: lambda(({ vpcConfig }) => vpcConfig?.subnetIds.length >= 2),
    argument: '`network` with two `subnetIds` and `functions: "all"`',
  },
  { control: "Lambda.6", requires: "Tags of functions", holds: lambda(tagged), argument: "`tags`" },
  {
    control: "Lambda.7",
    requires: "X-Ray tracing of functions",
    holds: lambda(({ tracingConfig }) => tracingConfig?.mode === "Active"),
    argument: "`account.tracing`",
  },
  {
    control: "lambda-concurrency-check",
    requires: "Reserved concurrency of each function",
    holds: lambda(({ reservedConcurrentExecutions }) => reservedConcurrentExecutions > 0),
    transform: "`transform.functions`: `reservedConcurrentExecutions` (the manager: `relay.reservedConcurrency`)",
  },
  {
    control: "lambda-dlq-check",
    requires: "A dead-letter queue of each function",
    holds: lambda(({ deadLetterConfig }) => deadLetterConfig?.targetArn),
    transform: "`transform.functions`: `deadLetterConfig`, and `transform.policies`: `sqs:SendMessage` on the queue",
  },
  {
    control: "Environment under a KMS key",
    requires: "A customer's key for environment variables",
    holds: lambda(({ kmsKeyArn }) => kmsKeyArn),
    argument: "`account.kmsKeyArn`",
  },
  {
    control: "S3.5",
    requires: "TLS for every request",
    holds: every("aws:s3/bucketPolicy:BucketPolicy", ({ policy: text }) =>
      JSON.parse(text).Statement.some(
        ({ Effect, Condition }: { Effect: string; Condition?: { Bool?: Record<string, string> } }) =>
          Effect === "Deny" && Condition?.Bool?.["aws:SecureTransport"] === "false",
      ),
    ),
  },
  {
    control: "S3.8",
    requires: "Block Public Access",
    holds: every(
      "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
      ({ blockPublicAcls, blockPublicPolicy, ignorePublicAcls, restrictPublicBuckets }) =>
        blockPublicAcls && blockPublicPolicy && ignorePublicAcls && restrictPublicBuckets,
    ),
  },
  {
    control: "S3.9",
    requires: "Server access logging",
    holds: () => false,
    outside: "`aws.s3.BucketLogging` with `nodes.bucket`",
  },
  {
    control: "S3.13",
    requires: "A lifecycle configuration",
    holds: every("aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", ({ rules }) => rules.length > 0),
  },
  {
    control: "S3.14",
    requires: "Versioning",
    holds: bucket(({ versioning }) => versioning?.enabled),
    transform: "`transform.bucket`: `versioning` (or `aws.s3.BucketVersioning` with `nodes.bucket`)",
  },
  {
    control: "S3.17",
    requires: "Objects under a KMS key",
    holds: every(
      "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
      ({ rules: [rule] }) => rule.applyServerSideEncryptionByDefault.sseAlgorithm === "aws:kms",
    ),
    argument: "`account.kmsKeyArn`",
  },
  {
    control: "SecretsManager.1",
    requires: "Automatic rotation",
    holds: () => false,
    outside: "`source.secretArn` of a secret that rotates, or `aws.secretsmanager.SecretRotation` with `nodes.secret`",
  },
  {
    control: "SecretsManager.3",
    requires: "No unused secret: read within the last 90 days",
    // Only the account's history shows it: each hop reads the secret, as long as a stream runs.
    holds: () => false,
    outside: "running streams, whose hops read the secret; remove a deployment that has none",
  },
  {
    control: "SecretsManager.4",
    requires: "A rotation within the last 90 days",
    holds: () => false,
    outside: "as for SecretsManager.1; a new value without a rotation does not count",
  },
  {
    control: "SecretsManager.5",
    requires: "Tags of secrets",
    holds: secret(tagged),
    argument: "`tags`",
  },
  {
    control: "secretsmanager-using-cmk",
    requires: "Secrets under a KMS key",
    holds: secret(({ kmsKeyId }) => kmsKeyId),
    argument: "`account.kmsKeyArn`",
  },
];
