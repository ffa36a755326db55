import { createHash } from "node:crypto";
import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ENV } from "../runtime/contract";
import { Recursion } from "./args";
import { bundleHandler } from "./bundle/handlers";
import { attachPolicy, createLambda, type LambdaFunction } from "./lambda-function";
import { MEMORY_ENVIRONMENT } from "./memory-environment";
import type { Egress } from "./network";
import type { Normalised } from "./normalise";
import { connectionManagerStatements, invokeStatements } from "./permissions";
import type { Scope } from "./scope";
import type { Stores } from "./stores";
import { transformed } from "./transform";

/** Lambda's maximum. A hop hands over shortly before. */
const HOP_SECONDS = 900;

export interface ConnectionManager extends LambdaFunction {
  /** Hashes of code and configuration. */
  readonly release: string;
  /** Resources that a hop needs in addition to the function. Nothing may invoke the function before they exist. */
  readonly readiness: pulumi.Resource[];
}

/** Creates the function that runs streams. One hop is one invocation, and each hop invokes its successor. */
export function createConnectionManager(
  scope: Scope,
  stores: Stores,
  { settings, relayMemorySize, reservedConcurrency, recursion }: Normalised,
  egress: Egress | undefined,
  processor: aws.lambda.Function | undefined,
): ConnectionManager {
  const bundle = bundleHandler("connection-manager");
  const settingsJson = JSON.stringify(settings);
  const configuration = createHash("sha256").update(`${relayMemorySize} ${settingsJson}`).digest("hex").slice(0, 16);
  const manager = createLambda(scope, {
    role: "connection-manager",
    description: "Keeps streams open and writes their events to the event table",
    bundle,
    memorySize: relayMemorySize,
    timeoutSeconds: HOP_SECONDS,
    environment: {
      [ENV.connectionTable]: stores.connectionTable.name,
      [ENV.eventTable]: stores.eventTable.name,
      [ENV.bucket]: stores.bucket.bucket,
      [ENV.sourceSecret]: stores.secret.arn,
      [ENV.settings]: settingsJson,
      [ENV.release]: configuration,
      ...MEMORY_ENVIRONMENT,
    },
    statements: connectionManagerStatements(stores.arns, settings.events.storage),
    reservedConcurrency,
    extraStatements: scope.account.extraStatements.connectionManager,
    keyUse: "write",
    vpc: egress,
    transform: "connectionManager",
    // A processor of an earlier release cannot read packs, so it is updated before the first one is written.
    after: settings.events.storage !== undefined && processor ? [processor] : [],
  });
  const name = `${scope.name}-connection-manager`;
  const options = { parent: scope.parent };
  // Each hop invokes the next. Without this setting, Lambda stops the chain after about 16 invocations.
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
    // The watchdog retries. Hops that wait in Lambda's queue for long would all start at once later.
    transformed<aws.lambda.FunctionEventInvokeConfigArgs>(scope, "asyncSettings", `${name}-async`, {
      functionName: manager.function.name,
      maximumRetryAttempts: 0,
      maximumEventAgeInSeconds: 60,
    }),
    options,
  );
  // A separate policy, because it needs the function's ARN, and the function depends on its first policy.
  const mayInvokeItself = attachPolicy(scope, `${name}-chain`, manager.role, invokeStatements(manager.function.arn));
  const secretVersion = stores.secretVersion ? [stores.secretVersion] : [];
  // AWS updates code and configuration one after the other. In between, a hop has another release than the watchdog expects.
  const release = `${bundle.codeHash}-${configuration}`;
  return { ...manager, release, readiness: [mayInvokeItself, ...mayRecur, asyncSettings, ...secretVersion] };
}

/** Environment of functions that start streams. */
export function managerEnvironment(
  stores: Stores,
  manager: ConnectionManager,
  { sharedRequest, settings }: Normalised,
): Record<string, pulumi.Input<string>> {
  return {
    [ENV.connectionTable]: stores.connectionTable.name,
    [ENV.connectionManager]: manager.function.name,
    ...(settings.source.maxConnections && { [ENV.maxConnections]: String(settings.source.maxConnections) }),
    ...(sharedRequest !== undefined && { [ENV.sharedRequest]: pulumi.output(sharedRequest).apply(String) }),
  };
}
