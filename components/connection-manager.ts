import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { ENV } from "../runtime/contract";
import type { NetworkArgs, Transforms } from "./args";
import { bundleHandler } from "./bundle";
import { attachPolicy, createLambda, type LambdaFunction } from "./lambda-function";
import type { Normalised } from "./normalise";
import { invokeFunction, relayEvents } from "./permissions";
import type { Scope } from "./scope";
import type { Stores } from "./stream-ingestion";

/** Lambda's longest: one hop runs into it and hands over before. */
const HOP_SECONDS = 900;

/** The relay: one hop is one invocation, and each hop invokes its successor. */
export function createConnectionManager(
  scope: Scope,
  stores: Stores,
  { settings, relayMemorySize }: Normalised,
  network: NetworkArgs | undefined,
  transforms: Transforms,
): LambdaFunction & { readonly release: string; readonly mayInvokeItself: aws.iam.RolePolicy } {
  const bundle = bundleHandler("connection-manager");
  const settingsJson = JSON.stringify(settings);
  const release = createHash("sha256").update(bundle.hash).update(settingsJson).digest("hex").slice(0, 16);
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
      [ENV.deployment]: scope.name,
    },
    statements: relayEvents(stores.arns),
    vpcConfig: network && { subnetIds: network.subnetIds, securityGroupIds: network.securityGroupIds },
    transform: transforms.connectionManager,
  });
  const name = `${scope.name}-connection-manager`;
  const options = { parent: scope.parent };
  new aws.lambda.FunctionRecursionConfig(
    `${name}-recursion`,
    // A relay is a chain of self-invocations: Lambda would end it after about 16 hops.
    { functionName: manager.function.name, recursiveLoop: "Allow" },
    options,
  );
  new aws.lambda.FunctionEventInvokeConfig(
    `${name}-async`,
    // The watchdog is the retry; hops that were queued for long would come as a storm.
    { functionName: manager.function.name, maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
    options,
  );
  // After the function, whose ARN it names: a role that had to know it first would make a cycle.
  const mayInvokeItself = attachPolicy(scope, `${name}-chain`, manager.role, invokeFunction(manager.function.arn));
  return { ...manager, release, mayInvokeItself };
}

export type ConnectionManager = ReturnType<typeof createConnectionManager>;

/** Environment of those who invoke the manager. */
export const managerEnvironment = (stores: Stores, manager: ConnectionManager, scope: Scope) => ({
  [ENV.connectionTable]: stores.connectionTable.name,
  [ENV.connectionManager]: manager.function.name as pulumi.Input<string>,
  [ENV.deployment]: scope.name,
});
