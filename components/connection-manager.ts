import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { ENV } from "../runtime/contract";
import { Recursion } from "./args";
import { bundleHandler } from "./bundle/handlers";
import { attachPolicy, createLambda, type LambdaFunction } from "./lambda-function";
import type { Egress } from "./network";
import type { Normalised } from "./normalise";
import { invokeFunction, relayEvents } from "./permissions";
import type { Scope } from "./scope";
import type { Stores } from "./stores";
import { transformed } from "./transform";

/** Lambda's longest: one hop runs into it and hands over before. */
const HOP_SECONDS = 900;

export interface ConnectionManager extends LambdaFunction {
  /** Hash of bundle and settings. */
  readonly release: string;
  /** What a hop needs besides the function: nothing may invoke it before these are there. */
  readonly readiness: pulumi.Resource[];
}

/** The relay: one hop is one invocation, and each hop invokes its successor. */
export function createConnectionManager(
  scope: Scope,
  stores: Stores,
  { settings, relayMemorySize, reservedConcurrency, recursion }: Normalised,
  egress: Egress | undefined,
): ConnectionManager {
  const bundle = bundleHandler("connection-manager");
  const settingsJson = JSON.stringify(settings);
  const release = createHash("sha256")
    .update(`${bundle.hash} ${relayMemorySize} ${settingsJson}`)
    .digest("hex")
    .slice(0, 16);
  const manager = createLambda(scope, {
    role: "connection-manager",
    description: "Relays an upstream's events into the event table, hop by hop",
    bundle,
    memorySize: relayMemorySize,
    timeoutSeconds: HOP_SECONDS,
    environment: {
      [ENV.connectionTable]: stores.connectionTable.name,
      [ENV.eventTable]: stores.eventTable.name,
      [ENV.bucket]: stores.bucket.bucket,
      [ENV.sourceSecret]: stores.secret.arn,
      [ENV.settings]: settingsJson,
      [ENV.release]: release,
      // glibc else keeps memory apart for each of V8's threads: 13 MB of the relay's.
      MALLOC_ARENA_MAX: "1",
    },
    statements: relayEvents(stores.arns),
    reservedConcurrency,
    extraStatements: scope.account.extraStatements.connectionManager,
    keyUse: "write",
    vpc: egress,
    transform: "connectionManager",
  });
  const name = `${scope.name}-connection-manager`;
  const options = { parent: scope.parent };
  // A relay is a chain of self-invocations: Lambda would end it after about 16 hops.
  const mayRecur =
    recursion === Recursion.none
      ? []
      : [
          new aws.lambda.FunctionRecursionConfig(
            `${name}-recursion`,
            transformed<aws.lambda.FunctionRecursionConfigArgs>(scope, "recursion", `${name}-recursion`, {
              functionName: manager.function.name,
              recursiveLoop: "Allow",
            }),
            options,
          ),
        ];
  const asyncSettings = new aws.lambda.FunctionEventInvokeConfig(
    `${name}-async`,
    // The watchdog is the retry; hops that were queued for long would all start at once.
    transformed<aws.lambda.FunctionEventInvokeConfigArgs>(scope, "asyncSettings", `${name}-async`, {
      functionName: manager.function.name,
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: 60,
    }),
    options,
  );
  // After the function, whose ARN it names: a role that had to know it first would make a cycle.
  const mayInvokeItself = attachPolicy(scope, `${name}-chain`, manager.role, invokeFunction(manager.function.arn));
  const secretVersion = stores.secretVersion ? [stores.secretVersion] : [];
  return { ...manager, release, readiness: [mayInvokeItself, ...mayRecur, asyncSettings, ...secretVersion] };
}

/** Environment of those who invoke the manager. */
export const managerEnvironment = (stores: Stores, manager: ConnectionManager) => ({
  [ENV.connectionTable]: stores.connectionTable.name,
  [ENV.connectionManager]: manager.function.name as pulumi.Input<string>,
});
