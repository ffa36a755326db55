import findMyWay, { type HTTPMethod } from "find-my-way";

export interface ApiMethod {
  readonly authorization: "NONE" | "AWS_IAM";
  readonly apiKeyRequired: boolean;
}

export interface Integration {
  readonly functionArn: string;
}

export interface Route extends ApiMethod, Integration {
  readonly method: string;
  /** `/connections/{streamId}` */
  readonly path: string;
}

export interface RouteMatch {
  readonly route: Route;
  /** Decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

export type RouteTable = (method: string, path: string) => RouteMatch | undefined;

const METHODS: readonly HTTPMethod[] = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];
/** Longer than any URL, so that the router rejects no parameter by its length. */
const MAX_PARAMETER_LENGTH = 16_384;

/** Finds a route by its encoded path. Fixed parts win over `{name}`, `{name}` over `{name+}`, and a method over ANY. */
export function routeTable(routes: readonly Route[]): RouteTable {
  const router = findMyWay({ maxParamLength: MAX_PARAMETER_LENGTH });
  const named = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  for (const route of routes) {
    const others = METHODS.filter((method) => !named.has(`${method} ${route.path}`));
    const methods = route.method === "ANY" ? others : [route.method as HTTPMethod];
    router.on(methods, pattern(route.path), () => {}, route);
  }
  return (method, path) => {
    const found = router.find(method as HTTPMethod, path);
    if (found === null) return undefined;
    const route = found.store as Route;
    const rest = /\{([^}]+)\+\}$/.exec(route.path)?.[1];
    const parameters = Object.entries(found.params).map(([name, value]) => [name === "*" ? rest : name, value ?? ""]);
    // API Gateway does not match an empty parameter: `/things/` is not `/things/{id}`.
    return parameters.some(([, value]) => value === "")
      ? undefined
      : { route, parameters: Object.fromEntries(parameters) };
  };
}

/** API Gateway's `/things/{id}` and `/{rest+}` in the router's syntax. */
function pattern(path: string): string {
  return path
    .replaceAll(":", "::")
    .replace(/\{[^}]+\+\}$/, "*")
    .replace(/\{([^}]+)\}/g, ":$1");
}
