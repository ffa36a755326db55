import * as pulumi from "@pulumi/pulumi";
import type { Transforms } from "./args";
import { expect } from "./expect";
import { isLater } from "./known";
import type { Scope } from "./scope";

/** The names that `transform` accepts. */
export const TRANSFORM_NAMES: Readonly<Record<keyof Transforms, true>> = {
  alarms: true,
  apiKey: true,
  asyncSettings: true,
  bucket: true,
  bucketEncryption: true,
  bucketLifecycle: true,
  bucketPolicy: true,
  bucketPublicAccessBlock: true,
  connectionApi: true,
  connectionManager: true,
  connectionTable: true,
  dashboard: true,
  declaredRow: true,
  deployment: true,
  egressVpc: true,
  eventProcessor: true,
  eventTable: true,
  functions: true,
  integrations: true,
  logGroups: true,
  mapping: true,
  methods: true,
  methodSettings: true,
  permission: true,
  policies: true,
  recursion: true,
  repeatCounter: true,
  repeatMapping: true,
  resources: true,
  restApi: true,
  restApiPolicy: true,
  roles: true,
  scalingPolicies: true,
  scalingTargets: true,
  schedule: true,
  secret: true,
  secretVersion: true,
  securityGroup: true,
  stage: true,
  usagePlan: true,
  usagePlanKey: true,
  vpcEndpoint: true,
  watchdog: true,
};

/** Checks the names and types of the transforms. @throws Error that lists the allowed names */
export function checkTransforms(transforms: Transforms): Transforms {
  expect(isMap(transforms), "`transform`", "an object such as { logGroups: { skipDestroy: true } }", transforms);
  for (const [name, transform] of Object.entries(transforms)) {
    expect(
      Object.hasOwn(TRANSFORM_NAMES, name),
      "`transform`",
      `one or more of ${Object.keys(TRANSFORM_NAMES).join(", ")}`,
      name,
    );
    const usable = transform === undefined || typeof transform === "function" || isMap(transform);
    expect(usable, `\`transform.${name}\``, "arguments to merge or a function", transform);
  }
  return transforms;
}

/**
 * Applies the user's transform to the arguments of a child resource. A function returns new arguments, or changes the received
 * ones and returns nothing. Values merge deeply: an additional environment variable keeps the others.
 *
 * @param name - the child's Pulumi name
 */
export function transformed<Args extends object>(
  { transforms }: Pick<Scope, "transforms">,
  key: keyof Transforms,
  name: string,
  args: Args,
): Args {
  const transform = transforms[key] as Partial<Args> | ((args: Args, name: string) => Args | undefined) | undefined;
  if (transform === undefined) return args;
  if (typeof transform !== "function") return merge(args, transform) as Args;
  const result = called(`\`transform.${key}\` for ${name}`, () => transform(args, name));
  if (result === undefined) return args;
  const argument = `the return value of \`transform.${key}\` for ${name}`;
  expect(isMap(result), argument, "the arguments or undefined", result);
  return result as Args;
}

/** @throws Error of the user's function, with the name of the transform */
function called(transform: string, run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    throw new Error(`${transform} failed: ${(error as Error)?.message ?? error}`, { cause: error });
  }
}

/** Merges maps, also inside outputs. Replaces everything else, including lists. */
export function merge(base: unknown, change: unknown): unknown {
  if (isMap(base) && isMap(change)) {
    const changed = Object.entries(change).map(([name, value]) => [name, merge(base[name], value)]);
    return { ...base, ...Object.fromEntries(changed) };
  }
  if (isLater(base) ? isMap(change) || isLater(change) : isMap(base) && isLater(change)) {
    return pulumi.all([base, change]).apply(([known, changed]) => merge(known, changed));
  }
  return change;
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
