import { decide } from "../../cloud/access/policy";
import type { Principal, Principals } from "../../cloud/access/principals";
import { verifySignature } from "../../cloud/access/signature";
import { AwsError } from "../../cloud/aws-error";
import type { CloudEvent } from "../../cloud/cloud-event";
import type { AwsRequest, AwsResponse } from "../../cloud/protocol";
import type { Functions } from "../lambda/functions";
import { proxyEvent, proxyResponse } from "./lambda-proxy";
import type { Route } from "./match-route";
import type { RestApis, Snapshot } from "./rest-apis";

export interface ApiGatewayOptions {
  readonly apis: RestApis;
  readonly functions: Functions;
  readonly principals: Principals;
  readonly region: string;
  readonly accountId: string;
  readonly emit: (event: CloudEvent) => void;
}

const PATH = /^\/restapis\/([^/]+)\/([^/]+)(\/.*)?$/;
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** API Gateway's limit for an integration. */
const INTEGRATION_TIMEOUT_MS = 29_000;

interface Target {
  readonly snapshot: Snapshot;
  readonly route: Route;
  readonly parameters: Readonly<Record<string, string>>;
  readonly apiId: string;
  readonly stage: string;
  /** The path after the stage, still encoded. */
  readonly path: string;
}

/** Serves `/restapis/<id>/<stage>/…` from the deployed snapshot, with the authorization that it declares. */
export function serveRestApi(options: ApiGatewayOptions): (request: AwsRequest) => Promise<AwsResponse> {
  return async (request) => {
    try {
      const target = find(options, request);
      const caller = target.route.authorization === "AWS_IAM" ? await identify(options, request) : undefined;
      authorise(options, request, target, caller);
      const apiKeyId = checkKey(options, request, target);
      if (request.body.length > MAX_BODY_BYTES) throw new AwsError("RequestTooLarge", 413, "Request Too Long");
      return await integrate(options, request, target, caller, apiKeyId);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // API Gateway writes `Message` for a failed authorization and `message` for other errors.
      const name = error.code === "AccessDeniedException" ? "Message" : "message";
      return {
        status: error.status,
        headers: { "content-type": "application/json", "x-amzn-errortype": error.code },
        body: JSON.stringify({ [name]: error.message }),
      };
    }
  };
}

function find({ apis }: ApiGatewayOptions, { method, path }: AwsRequest): Target {
  const [, apiId = "", stage = "", rest = "/"] = PATH.exec(path) ?? [];
  const api = apis.find(apiId);
  const snapshot = api?.deployments.get(api.stages.get(stage) ?? "");
  if (snapshot === undefined) throw new AwsError("ForbiddenException", 403, "Forbidden");
  const match = snapshot.match(method, rest);
  // API Gateway's response for an unknown path.
  if (match === undefined)
    throw new AwsError("MissingAuthenticationTokenException", 403, "Missing Authentication Token");
  return { snapshot, ...match, apiId, stage, path: rest };
}

async function identify({ principals, region }: ApiGatewayOptions, request: AwsRequest): Promise<Principal> {
  const secretOf = (id: string) => principals.find(id)?.secretAccessKey;
  const rules = { region, service: "execute-api", now: Date.now(), secretOf };
  const { accessKeyId } = await verifySignature(request, rules);
  return principals.find(accessKeyId)!.principal;
}

/** An explicit deny wins. Otherwise the caller's policies or the API's policy must allow the call. */
function authorise(
  { region, accountId, emit }: ApiGatewayOptions,
  request: AwsRequest,
  { snapshot, apiId, stage, path }: Target,
  caller: Principal | undefined,
): void {
  if (caller === undefined && snapshot.policy === undefined) return;
  const action = "execute-api:Invoke";
  const api = `arn:aws:execute-api:${region}:${accountId}:${apiId}`;
  const resource = `${api}/${stage}/${request.method}${path}`;
  const context = { "aws:sourceip": request.sourceIp };
  const ofCaller = decide(caller?.policies() ?? [], { action, resource, context });
  const policies = snapshot.policy === undefined ? [] : [withFullArns(snapshot.policy, api)];
  const principal = caller?.arn ?? "anonymous";
  const ofApi = decide(policies, { action, resource, context, principal });
  const denied = ofCaller === "deny" || ofApi === "deny";
  const allowed = !denied && (ofCaller === "allow" || ofApi === "allow");
  const status = allowed ? 200 : 403;
  emit({ kind: "call", at: Date.now(), caller: caller?.name ?? "anonymous", action, resource, allowed, status });
  if (allowed) return;
  const why = denied ? " with an explicit deny" : "";
  throw new AwsError(
    "AccessDeniedException",
    403,
    `User: ${principal} is not authorized to perform: ${action} on resource: ${resource}${why}`,
  );
}

/** An API's policy can abbreviate its ARN to `execute-api:/...`. */
function withFullArns(policy: NonNullable<Snapshot["policy"]>, api: string): NonNullable<Snapshot["policy"]> {
  const full = (resource: string) => resource.replace(/^execute-api:\//, `${api}/`);
  return {
    ...policy,
    Statement: [policy.Statement].flat().map((statement) => ({
      ...statement,
      ...(statement.Resource === undefined ? {} : { Resource: [statement.Resource].flat().map(full) }),
    })),
  };
}

function checkKey({ apis }: ApiGatewayOptions, { headers }: AwsRequest, { route, apiId, stage }: Target) {
  if (!route.apiKeyRequired) return undefined;
  const keyId = apis.keys.keyFor(headers["x-api-key"], `${apiId}/${stage}`);
  if (keyId === undefined) throw new AwsError("ForbiddenException", 403, "Forbidden");
  return keyId;
}

async function integrate(
  { functions, region, accountId }: ApiGatewayOptions,
  request: AwsRequest,
  { route, parameters, apiId, stage, path }: Target,
  caller: Principal | undefined,
  apiKeyId: string | undefined,
): Promise<AwsResponse> {
  const context = {
    "aws:sourcearn": `arn:aws:execute-api:${region}:${accountId}:${apiId}/${stage}/${request.method}${route.path}`,
  };
  const permission = {
    action: "lambda:InvokeFunction",
    resource: route.functionArn,
    principal: "apigateway.amazonaws.com",
    context,
  };
  const policy = { Statement: functions.permissionsOf(route.functionArn) };
  if (decide([policy], permission) !== "allow") throw internal(500);

  const event = proxyEvent(request, {
    accountId,
    apiId,
    stage,
    path,
    resource: route.path,
    parameters,
    userArn: caller?.arn,
    apiKeyId,
  });
  const payload = JSON.stringify(event);
  const running = functions.invoke({ target: route.functionArn, payload, caller: "apigateway" }).catch(() => undefined);
  const result = await within(INTEGRATION_TIMEOUT_MS, running);
  if (result === "late") throw new AwsError("IntegrationTimeout", 504, "Endpoint request timed out");
  if (result?.phase !== "end") throw internal(502);
  const response = proxyResponse(result.payload);
  if (response === undefined) throw internal(502);
  return response;
}

const internal = (status: 500 | 502) => new AwsError("InternalServerErrorException", status, "Internal server error");

function within<T>(ms: number, work: Promise<T>): Promise<T | "late"> {
  let timer: NodeJS.Timeout;
  const late = new Promise<"late">((resolve) => {
    timer = setTimeout(() => resolve("late"), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
