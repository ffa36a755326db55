import type { StateResource } from "./engine-stack";

/** A policy that may be missing when its user already runs. */
export interface LatePolicy {
  readonly policy: string;
  readonly user: string;
}

/**
 * Checks in the state's dependencies that each policy is created before the function, mapping, schedule or API that uses its
 * role. A policy that names the function itself is created after it, and must precede the function's trigger.
 */
export function latePolicies(resources: readonly StateResource[]): LatePolicy[] {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const ofType = (type: string) => resources.filter((resource) => resource.type === type);
  const policies = ofType("aws:iam/rolePolicy:RolePolicy");
  const functions = ofType("aws:lambda/function:Function");
  const policiesOf = (roleArn: unknown) =>
    policies.filter(({ outputs }) => String(roleArn).endsWith(`/${String(outputs?.role)}`));

  function before(urn: string, seen = new Set<string>()): Set<string> {
    const { dependencies = [], propertyDependencies = {} } = byUrn.get(urn) ?? {};
    for (const needed of [...dependencies, ...Object.values(propertyDependencies).flatMap((urns) => urns ?? [])]) {
      if (seen.has(needed)) continue;
      seen.add(needed);
      before(needed, seen);
    }
    return seen;
  }
  const late = (user: StateResource, needed: readonly StateResource[]): LatePolicy[] => {
    const there = before(user.urn);
    return needed.filter(({ urn }) => !there.has(urn)).map(({ name }) => ({ policy: name, user: user.name }));
  };

  /** The policies of a trigger: those of its target and of the functions that the target invokes. */
  const all = functions.flatMap(({ outputs }) => policiesOf(outputs?.role));
  const of = (suffix: string) =>
    functions.filter(({ name }) => name.endsWith(suffix)).flatMap(({ outputs }) => policiesOf(outputs?.role));
  return [
    ...functions.flatMap((fn) =>
      late(
        fn,
        policiesOf(fn.outputs?.role).filter(({ urn }) => !before(urn).has(fn.urn)),
      ),
    ),
    ...ofType("aws:lambda/eventSourceMapping:EventSourceMapping").flatMap((user) =>
      late(user, of(user.name.endsWith("-repeat-mapping") ? "-repeat-counter" : "-event-processor")),
    ),
    ...ofType("aws:scheduler/schedule:Schedule").flatMap((user) => {
      const target = user.outputs?.target as { readonly roleArn?: string } | undefined;
      return late(user, [...policiesOf(target?.roleArn), ...of("-watchdog"), ...of("-connection-manager")]);
    }),
    ...ofType("aws:apigateway/stage:Stage").flatMap((user) =>
      late(user, [...of("-connection-api"), ...of("-connection-manager")]),
    ),
    ...(all.length === policies.length - 1 ? [] : [{ policy: `${policies.length} policies`, user: "unknown roles" }]),
  ];
}
