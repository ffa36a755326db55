import { randomBytes } from "node:crypto";
import { parsePolicy } from "../../cloud/access/policy";
import type { Cloud } from "../../cloud/cloud";
import { define, inert, physicalName } from "../../resources/define";
import { type RestApi, type RestApis, shortId } from "./rest-apis";

interface ApiGatewayCloud extends Cloud {
  readonly restApis: RestApis;
}

function existing(apis: RestApis, id: string): RestApi {
  const api = apis.find(id);
  if (api === undefined) throw new Error(`There is no REST API ${id}.`);
  return api;
}

interface RestApiInputs {
  readonly name?: string;
  readonly policy?: string;
}

/** A REST API. It is served only after a deployment. */
export const restApi = define<ApiGatewayCloud, RestApiInputs>({
  inputs: [
    "name",
    "description",
    "policy",
    "endpointConfiguration",
    "apiKeySource",
    "binaryMediaTypes",
    "minimumCompressionSize",
    "disableExecuteApiEndpoint",
    "tags",
  ],
  put({ restApis, region, accountId }, { name: pulumiName, inputs }, before) {
    const name = (before?.outputs.name as string | undefined) ?? physicalName(inputs.name, pulumiName, 255);
    const api = restApis.put(before?.id);
    api.policy = inputs.policy === undefined ? undefined : parsePolicy(inputs.policy);
    return {
      id: api.id,
      outputs: {
        name,
        rootResourceId: api.rootResourceId,
        arn: `arn:aws:apigateway:${region}::/restapis/${api.id}`,
        executionArn: `arn:aws:execute-api:${region}:${accountId}:${api.id}`,
      },
    };
  },
  remove: ({ restApis }, id) => restApis.remove(id),
});

interface ApiPolicyInputs {
  readonly restApiId: string;
  readonly policy: string;
}

/** The resource policy of an API, as a separate resource. */
export const restApiPolicy = define<ApiGatewayCloud, ApiPolicyInputs>({
  inputs: ["restApiId", "policy"],
  replaceOn: ["restApiId"],
  put({ restApis }, { inputs }) {
    existing(restApis, inputs.restApiId).policy = parsePolicy(inputs.policy);
    return { id: inputs.restApiId };
  },
  remove({ restApis }, id) {
    const api = restApis.find(id);
    if (api) api.policy = undefined;
  },
});

interface ResourceInputs {
  readonly restApi: string;
  readonly parentId: string;
  readonly pathPart: string;
}

/** One segment of a path. */
export const resource = define<ApiGatewayCloud, ResourceInputs>({
  inputs: ["restApi", "parentId", "pathPart"],
  replaceOn: ["restApi", "parentId", "pathPart"],
  put({ restApis }, { inputs }, before) {
    const api = existing(restApis, inputs.restApi);
    const id = before?.id ?? shortId();
    api.resources.set(id, { parentId: inputs.parentId, pathPart: inputs.pathPart });
    return { id, outputs: { path: restApis.pathOf(api, id) } };
  },
  remove: ({ restApis }, id, { restApi: apiId }) => void restApis.find(String(apiId))?.resources.delete(id),
});

interface MethodInputs {
  readonly restApi: string;
  readonly resourceId: string;
  readonly httpMethod: string;
  readonly authorization: string;
  readonly apiKeyRequired?: boolean;
}

/** A method of a path, with its authorization. */
export const method = define<ApiGatewayCloud, MethodInputs>({
  inputs: [
    "restApi",
    "resourceId",
    "httpMethod",
    "authorization",
    "apiKeyRequired",
    "requestParameters",
    "requestModels",
  ],
  replaceOn: ["restApi", "resourceId", "httpMethod"],
  put({ restApis }, { inputs }) {
    const { authorization, resourceId, httpMethod } = inputs;
    if (authorization !== "NONE" && authorization !== "AWS_IAM") {
      throw new Error(
        `Expected authorization NONE or AWS_IAM, got ${authorization}: authorizers are not supported locally.`,
      );
    }
    existing(restApis, inputs.restApi).methods.set(`${resourceId} ${httpMethod}`, {
      authorization,
      apiKeyRequired: inputs.apiKeyRequired ?? false,
    });
    return { id: `agm-${inputs.restApi}-${resourceId}-${httpMethod}` };
  },
  remove: ({ restApis }, _, { restApi: apiId, resourceId, httpMethod }) =>
    void restApis.find(String(apiId))?.methods.delete(`${resourceId} ${httpMethod}`),
});

interface IntegrationInputs {
  readonly restApi: string;
  readonly resourceId: string;
  readonly httpMethod: string;
  readonly type: string;
  readonly uri?: string;
}

/** The Lambda proxy integration of a method. */
export const integration = define<ApiGatewayCloud, IntegrationInputs>({
  inputs: [
    "restApi",
    "resourceId",
    "httpMethod",
    "type",
    "uri",
    "integrationHttpMethod",
    "timeoutMilliseconds",
    "credentials",
  ],
  replaceOn: ["restApi", "resourceId", "httpMethod"],
  put({ restApis }, { inputs }) {
    const { resourceId, httpMethod, type, uri = "" } = inputs;
    const functionArn = /\/functions\/(arn:[^/]+)\/invocations$/.exec(uri)?.[1];
    if (type !== "AWS_PROXY" || functionArn === undefined) {
      throw new Error(
        `Expected an AWS_PROXY integration with a function's invokeArn, got ${type} ${uri}: other integrations are not supported locally.`,
      );
    }
    existing(restApis, inputs.restApi).integrations.set(`${resourceId} ${httpMethod}`, { functionArn });
    return { id: `agi-${inputs.restApi}-${resourceId}-${httpMethod}` };
  },
  remove: ({ restApis }, _, { restApi: apiId, resourceId, httpMethod }) =>
    void restApis.find(String(apiId))?.integrations.delete(`${resourceId} ${httpMethod}`),
});

interface DeploymentInputs {
  readonly restApi: string;
}

/** A snapshot of the API. Later changes need new triggers. */
export const deployment = define<ApiGatewayCloud, DeploymentInputs>({
  inputs: ["restApi", "triggers", "description", "variables"],
  replaceOn: ["restApi", "triggers"],
  put({ restApis }, { inputs }, before) {
    const api = existing(restApis, inputs.restApi);
    const id = before?.id ?? shortId();
    if (!api.deployments.has(id)) restApis.deploy(api, id);
    return { id, outputs: { createdDate: new Date().toISOString() } };
  },
  remove: ({ restApis }, id, { restApi: apiId }) => void restApis.find(String(apiId))?.deployments.delete(id),
});

interface StageInputs {
  readonly restApi: string;
  readonly deployment: string;
  readonly stageName: string;
}

/** Serves one deployment under a stable URL. */
export const stage = define<ApiGatewayCloud, StageInputs>({
  inputs: [
    "restApi",
    "deployment",
    "stageName",
    "description",
    "variables",
    "accessLogSettings",
    "xrayTracingEnabled",
    "tags",
  ],
  replaceOn: ["restApi", "stageName"],
  put({ restApis, endpoint, region, accountId }, { inputs }) {
    const { restApi: apiId, stageName } = inputs;
    existing(restApis, apiId).stages.set(stageName, inputs.deployment);
    return {
      id: `ags-${apiId}-${stageName}`,
      outputs: {
        arn: `arn:aws:apigateway:${region}::/restapis/${apiId}/stages/${stageName}`,
        executionArn: `arn:aws:execute-api:${region}:${accountId}:${apiId}/${stageName}`,
        invokeUrl: `${endpoint}/restapis/${apiId}/${stageName}`,
      },
    };
  },
  remove: ({ restApis }, _, { restApi: apiId, stageName }) =>
    void restApis.find(String(apiId))?.stages.delete(String(stageName)),
});

/** Throttling and logs of a stage. Without effect here. */
export const methodSettings = inert<ApiGatewayCloud>(
  ["restApi", "stageName", "methodPath", "settings"],
  ["restApi", "stageName", "methodPath"],
  (_, { inputs: { restApi: apiId, stageName, methodPath } }) => ({ id: `${apiId}-${stageName}-${methodPath}` }),
);

interface ApiKeyInputs {
  readonly value?: string;
  readonly enabled?: boolean;
}

/** An API key. It allows access only through a usage plan. */
export const apiKey = define<ApiGatewayCloud, ApiKeyInputs>({
  inputs: ["name", "value", "enabled", "description", "customerId", "tags"],
  replaceOn: ["value"],
  secretOutputs: ["value"],
  put({ restApis, region }, { inputs }, before) {
    const id = before?.id ?? shortId();
    const value = inputs.value ?? (before?.outputs.value as string | undefined) ?? randomBytes(20).toString("hex");
    restApis.keys.putKey(id, value, inputs.enabled ?? true);
    return { id, outputs: { value, arn: `arn:aws:apigateway:${region}::/apikeys/${id}` } };
  },
  remove: ({ restApis }, id) => restApis.keys.removeKey(id),
});

interface UsagePlanInputs {
  readonly apiStages?: readonly { readonly apiId: string; readonly stage: string }[];
}

/** The stages that its keys allow. Quotas and rates are not applied. */
export const usagePlan = define<ApiGatewayCloud, UsagePlanInputs>({
  inputs: ["name", "apiStages", "description", "quotaSettings", "throttleSettings", "productCode", "tags"],
  put({ restApis, region }, { inputs }, before) {
    const id = before?.id ?? shortId();
    restApis.keys.putPlan(
      id,
      (inputs.apiStages ?? []).map(({ apiId, stage: stageName }) => `${apiId}/${stageName}`),
    );
    return { id, outputs: { arn: `arn:aws:apigateway:${region}::/usageplans/${id}` } };
  },
  remove: ({ restApis }, id) => restApis.keys.removePlan(id),
});

interface UsagePlanKeyInputs {
  readonly keyId: string;
  readonly usagePlanId: string;
}

export const usagePlanKey = define<ApiGatewayCloud, UsagePlanKeyInputs>({
  inputs: ["keyId", "keyType", "usagePlanId"],
  replaceOn: ["keyId", "keyType", "usagePlanId"],
  put({ restApis }, { inputs }) {
    restApis.keys.link(inputs.usagePlanId, inputs.keyId);
    return { id: inputs.keyId };
  },
  remove: ({ restApis }, id, { usagePlanId }) => restApis.keys.unlink(String(usagePlanId), id),
});
