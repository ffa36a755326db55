import type { Route } from "./rest-apis";

export interface RouteMatch {
  readonly route: Route;
  /** Decoded. */
  readonly parameters: Readonly<Record<string, string>>;
}

/** The route for a path that is still encoded: fixed parts before `{name}`, `{name}` before `{name+}`, a method before ANY. */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch | undefined {
  const parts = segments(path);
  const matches = routes
    .filter((route) => route.method === method || route.method === "ANY")
    .flatMap((route) => {
      const parameters = parametersOf(segments(route.path), parts);
      return parameters === undefined ? [] : [{ route, parameters }];
    });
  return matches.sort((a, b) => rank(a.route) - rank(b.route))[0];
}

const segments = (path: string) => path.split("/").filter((part) => part !== "");

function parametersOf(pattern: readonly string[], parts: readonly string[]): Record<string, string> | undefined {
  const parameters: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const [, name, greedy] = /^\{([^+}]+)(\+?)\}$/.exec(expected) ?? [];
    const part = parts[index];
    if (part === undefined) return undefined;
    if (name === undefined) {
      if (expected !== part) return undefined;
      continue;
    }
    const value = decode(greedy ? parts.slice(index).join("/") : part);
    if (value === undefined) return undefined;
    parameters[name] = value;
    if (greedy) return parameters;
  }
  return pattern.length === parts.length ? parameters : undefined;
}

/** `undefined` for a percent sign that starts no encoded character. */
function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}

function rank({ method, path }: Route): number {
  const kinds = segments(path).map((part) => (part.endsWith("+}") ? 2 : part.startsWith("{") ? 1 : 0));
  return kinds.reduce<number>((sum, kind) => sum * 3 + kind, 0) * 2 + (method === "ANY" ? 1 : 0);
}
