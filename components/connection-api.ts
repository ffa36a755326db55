import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { apiPolicy } from "./api-policy";
import { Authorization } from "./args";
import { bundleHandler } from "./bundle/handlers";
import { type ConnectionManager, managerEnvironment } from "./connection-manager";
import { createLambda, createLogGroup, type LambdaFunction } from "./lambda-function";
import { createApiEndpoint, type VpcAccess } from "./network";
import type { Normalised } from "./normalise";
import { connectionApiStatements, invokeStatements } from "./permissions";
import type { Scope } from "./scope";
import type { Stores } from "./stores";
import { transformed } from "./transform";

const STAGE = "v1";
const ROUTES = [
  { role: "list", method: "GET", one: false },
  { role: "start", method: "POST", one: true },
  { role: "status", method: "GET", one: true },
  { role: "stop", method: "DELETE", one: true },
] as const;

export interface ConnectionApi extends LambdaFunction {
  readonly restApi: aws.apigateway.RestApi;
  /** For a base path mapping of a domain, and a web ACL. */
  readonly stage: aws.apigateway.Stage;
  /** Base URL, `https://…/v1`, without a trailing slash. */
  readonly url: pulumi.Output<string>;
}

/** Creates the REST API that starts, stops, shows and lists streams. */
export function createConnectionApi(
  scope: Scope,
  stores: Stores,
  manager: ConnectionManager,
  normalised: Normalised,
  vpc: VpcAccess | undefined,
): ConnectionApi {
  const { authorization, allowedCidrs, accessLogs, privateApi } = normalised;
  const name = `${scope.name}-api`;
  const options = { parent: scope.parent };
  const lambda = createLambda(scope, {
    role: "connection-api",
    description: "Starts, stops and shows streams",
    bundle: bundleHandler("connection-api"),
    memorySize: 256,
    timeoutSeconds: 20,
    environment: managerEnvironment(stores, manager, normalised),
    statements: [...connectionApiStatements(stores.arns), ...invokeStatements(manager.function.arn)],
    extraStatements: scope.account.extraStatements.connectionApi,
    keyUse: "write",
    vpc,
    transform: "connectionApi",
  });
  const vpcEndpointIds = privateApi && createApiEndpoint(scope, privateApi);
  const restApiArgs = transformed<aws.apigateway.RestApiArgs>(scope, "restApi", name, {
    description: `Streams of ${scope.name}`,
    endpointConfiguration: privateApi ? { types: "PRIVATE", vpcEndpointIds } : { types: "REGIONAL" },
    tags: scope.tags,
  });
  const { tags: _tags, description: _description, ...settings } = restApiArgs;
  const restApi = new aws.apigateway.RestApi(name, restApiArgs, options);
  const policy = createApiPolicy(scope, restApi, allowedCidrs, vpcEndpointIds);
  const collection = createResource(scope, `${name}-connections`, restApi, {
    parentId: restApi.rootResourceId,
    pathPart: "connections",
  });
  const item = createResource(scope, `${name}-connection`, restApi, {
    parentId: collection.id,
    pathPart: "{streamId}",
  });
  const needsKey = authorization === Authorization.iamAndApiKey;
  const routes = ROUTES.map(({ role, method: httpMethod, one }) => {
    const resourceId = one ? item.id : collection.id;
    const methodArgs = transformed<aws.apigateway.MethodArgs>(scope, "methods", `${name}-${role}`, {
      restApi: restApi.id,
      resourceId,
      httpMethod,
      authorization: "AWS_IAM",
      apiKeyRequired: needsKey,
    });
    const method = new aws.apigateway.Method(`${name}-${role}`, methodArgs, options);
    const integrationArgs = transformed<aws.apigateway.IntegrationArgs>(
      scope,
      "integrations",
      `${name}-${role}-integration`,
      {
        restApi: restApi.id,
        resourceId,
        httpMethod: method.httpMethod,
        type: "AWS_PROXY",
        integrationHttpMethod: "POST",
        uri: lambda.function.invokeArn,
      },
    );
    const integration = new aws.apigateway.Integration(`${name}-${role}-integration`, integrationArgs, options);
    return { resources: [method, integration], args: [methodArgs, integrationArgs] };
  });
  const permission = new aws.lambda.Permission(
    `${name}-permission`,
    transformed<aws.lambda.PermissionArgs>(scope, "permission", `${name}-permission`, {
      action: "lambda:InvokeFunction",
      function: lambda.function.name,
      principal: "apigateway.amazonaws.com",
      sourceArn: pulumi.interpolate`${restApi.executionArn}/*/*/connections*`,
    }),
    options,
  );
  const deployment = new aws.apigateway.Deployment(
    `${name}-deployment`,
    transformed<aws.apigateway.DeploymentArgs>(scope, "deployment", `${name}-deployment`, {
      restApi: restApi.id,
      // A deployment is a snapshot of the API. A change that is not in the triggers is not deployed.
      triggers: { snapshot: snapshotHash([settings, routes.map(({ args }) => args), policy?.args]) },
    }),
    { ...options, dependsOn: [...routes.flatMap(({ resources }) => resources), ...(policy ? [policy.resource] : [])] },
  );
  const stage = new aws.apigateway.Stage(
    `${name}-stage`,
    transformed<aws.apigateway.StageArgs>(scope, "stage", `${name}-stage`, {
      restApi: restApi.id,
      deployment: deployment.id,
      stageName: STAGE,
      xrayTracingEnabled: scope.account.tracing || undefined,
      accessLogSettings: accessLogs
        ? { destinationArn: createLogGroup(scope, `${name}-access-logs`).arn, format: ACCESS_LOG_FORMAT }
        : undefined,
      tags: scope.tags,
    }),
    { ...options, dependsOn: [permission, lambda.policy, ...manager.readiness] },
  );
  new aws.apigateway.MethodSettings(
    `${name}-throttling`,
    transformed<aws.apigateway.MethodSettingsArgs>(scope, "methodSettings", `${name}-throttling`, {
      restApi: restApi.id,
      stageName: stage.stageName,
      methodPath: "*/*",
      settings: {
        throttlingRateLimit: 50,
        throttlingBurstLimit: 100,
        ...(accessLogs && { loggingLevel: "ERROR", metricsEnabled: true, dataTraceEnabled: false }),
      },
    }),
    options,
  );
  if (needsKey) createApiKey(name, restApi, stage, scope);
  return { ...lambda, restApi, stage, url: stage.invokeUrl };
}

/** One JSON line per request: caller, method, address and response. It contains no headers and no body. */
const ACCESS_LOG_FORMAT = JSON.stringify({
  requestId: "$context.requestId",
  time: "$context.requestTimeEpoch",
  caller: "$context.identity.userArn",
  sourceIp: "$context.identity.sourceIp",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  latencyMs: "$context.responseLatency",
  error: "$context.error.message",
});

function createResource(
  scope: Scope,
  name: string,
  restApi: aws.apigateway.RestApi,
  path: Pick<aws.apigateway.ResourceArgs, "parentId" | "pathPart">,
): aws.apigateway.Resource {
  return new aws.apigateway.Resource(
    name,
    transformed<aws.apigateway.ResourceArgs>(scope, "resources", name, { restApi: restApi.id, ...path }),
    { parent: scope.parent },
  );
}

/** A separate resource, because the policy contains the API's ARN. Not created when every address may call the API. */
function createApiPolicy(
  scope: Scope,
  restApi: aws.apigateway.RestApi,
  allowedCidrs: pulumi.Input<readonly string[]>,
  vpcEndpointIds: pulumi.Input<readonly string[]> | undefined,
): { readonly resource: pulumi.Resource; readonly args: aws.apigateway.RestApiPolicyArgs } | undefined {
  if (Array.isArray(allowedCidrs) && allowedCidrs.length === 0 && vpcEndpointIds === undefined) return undefined;
  const { executionArn } = restApi;
  const name = `${scope.name}-api-policy`;
  const args = transformed<aws.apigateway.RestApiPolicyArgs>(scope, "restApiPolicy", name, {
    restApiId: restApi.id,
    policy: apiPolicy({ executionArn, allowedCidrs, vpcEndpointIds }),
  });
  return { resource: new aws.apigateway.RestApiPolicy(name, args, { parent: scope.parent }), args };
}

function createApiKey(name: string, restApi: aws.apigateway.RestApi, stage: aws.apigateway.Stage, scope: Scope): void {
  const options = { parent: scope.parent };
  const key = new aws.apigateway.ApiKey(
    `${name}-key`,
    transformed<aws.apigateway.ApiKeyArgs>(scope, "apiKey", `${name}-key`, { tags: scope.tags }),
    options,
  );
  const plan = new aws.apigateway.UsagePlan(
    `${name}-plan`,
    transformed<aws.apigateway.UsagePlanArgs>(scope, "usagePlan", `${name}-plan`, {
      apiStages: [{ apiId: restApi.id, stage: stage.stageName }],
      tags: scope.tags,
    }),
    options,
  );
  new aws.apigateway.UsagePlanKey(
    `${name}-plan-key`,
    transformed<aws.apigateway.UsagePlanKeyArgs>(scope, "usagePlanKey", `${name}-plan-key`, {
      keyId: key.id,
      keyType: "API_KEY",
      usagePlanId: plan.id,
    }),
    options,
  );
}

/** Hash of arguments when their values are known. */
const snapshotHash = (shown: pulumi.Input<unknown>[]) =>
  pulumi.jsonStringify(shown).apply((text) => createHash("sha256").update(text).digest("hex").slice(0, 16));
