import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { Authorization, type Transforms } from "./args";
import { bundleHandler } from "./bundle/handlers";
import { type ConnectionManager, managerEnvironment } from "./connection-manager";
import { createLambda, type LambdaFunction } from "./lambda-function";
import type { Normalised } from "./normalise";
import { answerRequests, invokeFunction } from "./permissions";
import { type Scope, transformed } from "./scope";
import type { Stores } from "./stores";

const STAGE = "v1";
const ROUTES = [
  { role: "list", method: "GET", one: false },
  { role: "start", method: "POST", one: true },
  { role: "status", method: "GET", one: true },
  { role: "stop", method: "DELETE", one: true },
] as const;

export interface ConnectionApi extends LambdaFunction {
  readonly restApi: aws.apigateway.RestApi;
  /** `https://…/v1`, without a slash at the end. */
  readonly url: pulumi.Output<string>;
}

/** REST API over the connection table: start, stop, list, look. */
export function createConnectionApi(
  scope: Scope,
  stores: Stores,
  manager: ConnectionManager,
  { authorization, allowedCidrs }: Normalised,
  transforms: Transforms,
): ConnectionApi {
  const name = `${scope.name}-api`;
  const options = { parent: scope.parent };
  const lambda = createLambda(scope, {
    role: "connection-api",
    description: "Starts, stops and shows streams",
    bundle: bundleHandler("connection-api"),
    memorySize: 256,
    timeoutSeconds: 20,
    environment: managerEnvironment(stores, manager),
    statements: [...answerRequests(stores.arns), ...invokeFunction(manager.function.arn)],
    transform: transforms.connectionApi,
  });
  const restApi = new aws.apigateway.RestApi(
    name,
    transformed<aws.apigateway.RestApiArgs>(
      {
        description: `Streams of ${scope.name}`,
        endpointConfiguration: { types: "REGIONAL" },
        policy: allowedCidrs.length === 0 ? undefined : denyOutside(allowedCidrs),
        tags: scope.tags,
      },
      transforms.restApi,
    ),
    options,
  );
  const collection = new aws.apigateway.Resource(
    `${name}-connections`,
    { restApi: restApi.id, parentId: restApi.rootResourceId, pathPart: "connections" },
    options,
  );
  const item = new aws.apigateway.Resource(
    `${name}-connection`,
    { restApi: restApi.id, parentId: collection.id, pathPart: "{streamId}" },
    options,
  );
  const needsKey = authorization === Authorization.iamAndApiKey;
  const routes = ROUTES.flatMap(({ role, method: httpMethod, one }) => {
    const resourceId = one ? item.id : collection.id;
    const method = new aws.apigateway.Method(
      `${name}-${role}`,
      { restApi: restApi.id, resourceId, httpMethod, authorization: "AWS_IAM", apiKeyRequired: needsKey },
      options,
    );
    const integration = new aws.apigateway.Integration(
      `${name}-${role}-integration`,
      {
        restApi: restApi.id,
        resourceId,
        httpMethod: method.httpMethod,
        type: "AWS_PROXY",
        integrationHttpMethod: "POST",
        uri: lambda.function.invokeArn,
      },
      options,
    );
    return [method, integration];
  });
  const permission = new aws.lambda.Permission(
    `${name}-permission`,
    {
      action: "lambda:InvokeFunction",
      function: lambda.function.name,
      principal: "apigateway.amazonaws.com",
      sourceArn: pulumi.interpolate`${restApi.executionArn}/*/*/connections*`,
    },
    options,
  );
  const deployment = new aws.apigateway.Deployment(
    `${name}-deployment`,
    {
      restApi: restApi.id,
      // A deployment is a snapshot: what it shows must be in here, or a change stays invisible.
      triggers: {
        snapshot: snapshotHash([ROUTES, authorization, allowedCidrs]),
        resources: pulumi.interpolate`${collection.id} ${item.id}`,
        integration: lambda.function.invokeArn,
      },
    },
    { ...options, dependsOn: routes },
  );
  const stage = new aws.apigateway.Stage(
    `${name}-stage`,
    transformed<aws.apigateway.StageArgs>(
      { restApi: restApi.id, deployment: deployment.id, stageName: STAGE, tags: scope.tags },
      transforms.stage,
    ),
    { ...options, dependsOn: [permission, lambda.policy, ...manager.readiness] },
  );
  new aws.apigateway.MethodSettings(
    `${name}-throttling`,
    {
      restApi: restApi.id,
      stageName: stage.stageName,
      methodPath: "*/*",
      settings: { throttlingRateLimit: 50, throttlingBurstLimit: 100 },
    },
    options,
  );
  if (needsKey) createApiKey(name, restApi, stage, scope);
  return { ...lambda, restApi, url: stage.invokeUrl };
}

function createApiKey(name: string, restApi: aws.apigateway.RestApi, stage: aws.apigateway.Stage, scope: Scope): void {
  const options = { parent: scope.parent };
  const key = new aws.apigateway.ApiKey(`${name}-key`, { tags: scope.tags }, options);
  const plan = new aws.apigateway.UsagePlan(
    `${name}-plan`,
    { apiStages: [{ apiId: restApi.id, stage: stage.stageName }], tags: scope.tags },
    options,
  );
  new aws.apigateway.UsagePlanKey(
    `${name}-plan-key`,
    { keyId: key.id, keyType: "API_KEY", usagePlanId: plan.id },
    options,
  );
}

/** A Deny and nothing else: an Allow for a range would admit every signed principal of the account. */
function denyOutside(cidrs: readonly string[]): string {
  return JSON.stringify({
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Deny",
        Principal: "*",
        Action: "execute-api:Invoke",
        Resource: "execute-api:/*",
        Condition: { NotIpAddress: { "aws:SourceIp": cidrs } },
      },
    ],
  });
}

const snapshotHash = (shown: unknown) => createHash("sha256").update(JSON.stringify(shown)).digest("hex").slice(0, 16);
