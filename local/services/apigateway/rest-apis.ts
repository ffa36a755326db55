import { randomUUID } from "node:crypto";
import type { PolicyDocument } from "../../cloud/access/policy";
import { type ApiMethod, type Integration, type Route, type RouteTable, routeTable } from "./match-route";

/** The definition of a REST API. Only deployed snapshots of it are served. */
export interface RestApi {
  readonly id: string;
  readonly rootResourceId: string;
  policy?: PolicyDocument;
  /** Resource id → position in the tree. */
  readonly resources: Map<string, { readonly parentId?: string; readonly pathPart: string }>;
  /** `resourceId METHOD` */
  readonly methods: Map<string, ApiMethod>;
  readonly integrations: Map<string, Integration>;
  readonly deployments: Map<string, Snapshot>;
  /** Stage name → deployment id. */
  readonly stages: Map<string, string>;
}

/** The snapshot that a deployment takes. */
export interface Snapshot {
  readonly match: RouteTable;
  readonly policy?: PolicyDocument;
}

export interface RestApis {
  put(id?: string): RestApi;
  remove(id: string): void;
  find(id: string): RestApi | undefined;
  /** Takes a snapshot of the API. @throws for a method without integration, as API Gateway does */
  deploy(api: RestApi, deploymentId: string): void;
  /** Path of a resource from the root. */
  pathOf(api: RestApi, resourceId: string): string;
  readonly keys: ApiKeys;
}

/** API keys, and usage plans with the stages that they allow. */
export interface ApiKeys {
  putKey(id: string, value: string, enabled: boolean): void;
  removeKey(id: string): void;
  /** @param stages `apiId/stage` */
  putPlan(id: string, stages: readonly string[]): void;
  removePlan(id: string): void;
  link(planId: string, keyId: string): void;
  unlink(planId: string, keyId: string): void;
  /** The id of the enabled key with this value, if one of its plans contains the stage. */
  keyFor(value: string | undefined, stage: string): string | undefined;
}

export function createRestApis(): RestApis {
  const apis = new Map<string, RestApi>();

  function pathOf(api: RestApi, resourceId: string): string {
    const { parentId, pathPart } = api.resources.get(resourceId) ?? { pathPart: "" };
    return parentId === undefined ? "/" : `${pathOf(api, parentId).replace(/\/$/, "")}/${pathPart}`;
  }

  return {
    put(id = shortId()) {
      const existing = apis.get(id);
      if (existing !== undefined) return existing;
      const rootResourceId = `${id}-root`;
      const api: RestApi = {
        id,
        rootResourceId,
        resources: new Map([[rootResourceId, { pathPart: "" }]]),
        methods: new Map(),
        integrations: new Map(),
        deployments: new Map(),
        stages: new Map(),
      };
      apis.set(id, api);
      return api;
    },
    remove: (id) => void apis.delete(id),
    find: (id) => apis.get(id),
    pathOf,
    deploy(api, deploymentId) {
      const routes = [...api.methods].map(([key, method]): Route => {
        const [resourceId = "", httpMethod = ""] = key.split(" ");
        const path = pathOf(api, resourceId);
        const integration = api.integrations.get(key);
        if (integration === undefined) {
          throw new Error(`No integration defined for method ${httpMethod} ${path}: the deployment depends on it.`);
        }
        return { ...method, ...integration, method: httpMethod, path };
      });
      if (routes.length === 0) throw new Error("The REST API doesn't contain any methods.");
      api.deployments.set(deploymentId, { match: routeTable(routes), policy: api.policy });
    },
    keys: createApiKeys(),
  };
}

function createApiKeys(): ApiKeys {
  const keys = new Map<string, { value: string; enabled: boolean }>();
  const plans = new Map<string, readonly string[]>();
  const links = new Set<string>();
  return {
    putKey: (id, value, enabled) => void keys.set(id, { value, enabled }),
    removeKey: (id) => void keys.delete(id),
    putPlan: (id, stages) => void plans.set(id, stages),
    removePlan: (id) => void plans.delete(id),
    link: (planId, keyId) => void links.add(`${planId} ${keyId}`),
    unlink: (planId, keyId) => void links.delete(`${planId} ${keyId}`),
    keyFor(value, stage) {
      const [id] = [...keys].find(([, key]) => key.enabled && key.value === value) ?? [];
      const allowed = [...plans].some(([plan, stages]) => stages.includes(stage) && links.has(`${plan} ${id}`));
      return allowed ? id : undefined;
    },
  };
}

/** Ten characters, like the ids of API Gateway. */
export function shortId(): string {
  return randomUUID().replaceAll("-", "").slice(0, 10);
}
