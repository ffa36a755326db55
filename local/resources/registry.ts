import * as apigateway from "./apigateway";
import * as cloudwatch from "./cloudwatch";
import * as dynamodb from "./dynamodb";
import * as ec2 from "./ec2";
import * as iam from "./iam";
import * as lambda from "./lambda";
import type { Realiser } from "./realiser";
import * as s3 from "./s3";
import * as scheduler from "./scheduler";
import * as secretsmanager from "./secretsmanager";
import * as sqs from "./sqs";

/** Every resource type that runs on this machine, by type token. */
export const realisers: ReadonlyMap<string, Realiser> = new Map<string, Realiser>([
  ["aws:apigateway/apiKey:ApiKey", apigateway.apiKey],
  ["aws:apigateway/deployment:Deployment", apigateway.deployment],
  ["aws:apigateway/integration:Integration", apigateway.integration],
  ["aws:apigateway/method:Method", apigateway.method],
  ["aws:apigateway/methodSettings:MethodSettings", apigateway.methodSettings],
  ["aws:apigateway/resource:Resource", apigateway.resource],
  ["aws:apigateway/restApi:RestApi", apigateway.restApi],
  ["aws:apigateway/restApiPolicy:RestApiPolicy", apigateway.restApiPolicy],
  ["aws:apigateway/stage:Stage", apigateway.stage],
  ["aws:apigateway/usagePlan:UsagePlan", apigateway.usagePlan],
  ["aws:apigateway/usagePlanKey:UsagePlanKey", apigateway.usagePlanKey],
  ["aws:cloudwatch/dashboard:Dashboard", cloudwatch.dashboard],
  ["aws:cloudwatch/logGroup:LogGroup", cloudwatch.logGroup],
  ["aws:cloudwatch/metricAlarm:MetricAlarm", cloudwatch.metricAlarm],
  ["aws:dynamodb/table:Table", dynamodb.table],
  ["aws:dynamodb/tableItem:TableItem", dynamodb.tableItem],
  ["aws:ec2/securityGroup:SecurityGroup", ec2.securityGroup],
  ["aws:iam/role:Role", iam.role],
  ["aws:iam/rolePolicy:RolePolicy", iam.rolePolicy],
  ["aws:lambda/eventSourceMapping:EventSourceMapping", lambda.eventSourceMapping],
  ["aws:lambda/function:Function", lambda.lambdaFunction],
  ["aws:lambda/functionEventInvokeConfig:FunctionEventInvokeConfig", lambda.eventInvokeConfig],
  ["aws:lambda/functionRecursionConfig:FunctionRecursionConfig", lambda.recursionConfig],
  ["aws:lambda/permission:Permission", lambda.permission],
  ["aws:s3/bucket:Bucket", s3.bucket],
  ["aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration", s3.bucketSetting("rules")],
  ["aws:s3/bucketOwnershipControls:BucketOwnershipControls", s3.bucketSetting("rule")],
  ["aws:s3/bucketPolicy:BucketPolicy", s3.bucketPolicy],
  [
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
    s3.bucketSetting("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets"),
  ],
  ["aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration", s3.bucketSetting("rules")],
  ["aws:s3/bucketV2:BucketV2", s3.bucket],
  ["aws:s3/bucketVersioning:BucketVersioning", s3.bucketSetting("versioningConfiguration")],
  ["aws:scheduler/schedule:Schedule", scheduler.schedule],
  ["aws:secretsmanager/secret:Secret", secretsmanager.secret],
  ["aws:secretsmanager/secretVersion:SecretVersion", secretsmanager.secretVersion],
  ["aws:sqs/queue:Queue", sqs.queue],
  ["awsx:ec2:Vpc", ec2.vpc],
]);
