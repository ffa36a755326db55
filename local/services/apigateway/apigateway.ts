import type { Functions } from "../lambda/functions";
import type { Service } from "../service";
import * as resources from "./resources";
import { createRestApis, type RestApis } from "./rest-apis";
import { serveRestApi } from "./serve-rest-api";

/** REST APIs, served from their deployed snapshot under `/restapis/ID/STAGE/`. */
export const apigateway: Service<{ readonly restApis: RestApis }, { readonly functions: Functions }> = {
  open({ functions, principals, region, accountId, emit }) {
    const restApis = createRestApis();
    return {
      model: { restApis },
      route: {
        prefix: "/restapis/",
        serve: serveRestApi({ apis: restApis, functions, principals, region, accountId, emit }),
      },
    };
  },
  resources: {
    "aws:apigateway/apiKey:ApiKey": resources.apiKey,
    "aws:apigateway/deployment:Deployment": resources.deployment,
    "aws:apigateway/integration:Integration": resources.integration,
    "aws:apigateway/method:Method": resources.method,
    "aws:apigateway/methodSettings:MethodSettings": resources.methodSettings,
    "aws:apigateway/resource:Resource": resources.resource,
    "aws:apigateway/restApi:RestApi": resources.restApi,
    "aws:apigateway/restApiPolicy:RestApiPolicy": resources.restApiPolicy,
    "aws:apigateway/stage:Stage": resources.stage,
    "aws:apigateway/usagePlan:UsagePlan": resources.usagePlan,
    "aws:apigateway/usagePlanKey:UsagePlanKey": resources.usagePlanKey,
  },
};
