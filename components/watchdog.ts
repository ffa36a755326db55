import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { ENV } from "../runtime/contract";
import { bundleHandler } from "./bundle/handlers";
import { type ConnectionManager, managerEnvironment } from "./connection-manager";
import { attachPolicy, createLambda, createRole, type LambdaFunction } from "./lambda-function";
import type { VpcAccess } from "./network";
import type { Normalised } from "./normalise";
import { invokeStatements, watchdogStatements } from "./permissions";
import type { Scope } from "./scope";
import type { Stores } from "./stores";
import { transformed } from "./transform";

/** The deployment's `streams`. */
export interface Declared {
  readonly declared: aws.dynamodb.TableItem;
  readonly declaredRow: pulumi.Input<string>;
}

/** Creates the function that restarts streams without a live lease, and its schedule: every minute. */
export function createWatchdog(
  scope: Scope,
  stores: Stores,
  manager: ConnectionManager,
  normalised: Normalised,
  { declared, declaredRow }: Declared,
  vpc: VpcAccess | undefined,
): LambdaFunction {
  const watchdog = createLambda(scope, {
    role: "watchdog",
    description: "Restarts streams that should be open and have no live lease",
    bundle: bundleHandler("watchdog"),
    memorySize: 256,
    timeoutSeconds: 50,
    environment: {
      ...managerEnvironment(stores, manager, normalised),
      [ENV.sourceSecret]: stores.secret.arn,
      [ENV.settings]: JSON.stringify(normalised.settings),
      [ENV.release]: manager.release,
      [ENV.declaredRow]: declaredRow,
    },
    statements: [...watchdogStatements(stores.arns), ...invokeStatements(manager.function.arn)],
    extraStatements: scope.account.extraStatements.watchdog,
    keyUse: "write",
    vpc,
    transform: "watchdog",
  });
  const name = `${scope.name}-schedule`;
  const account = watchdog.function.arn.apply((arn) => arn.split(":"));
  // Only schedules in this account's default group may use the role, not those of other accounts (confused deputy).
  const role = createRole(
    scope,
    name,
    "scheduler.amazonaws.com",
    account.apply(([, partition, , region, accountId]) => ({
      StringEquals: {
        "aws:SourceAccount": accountId ?? "",
        "aws:SourceArn": `arn:${partition}:scheduler:${region}:${accountId}:schedule-group/default`,
      },
    })),
  );
  const policy = attachPolicy(scope, name, role, invokeStatements(watchdog.function.arn));
  new aws.scheduler.Schedule(
    name,
    transformed<aws.scheduler.ScheduleArgs>(scope, "schedule", name, {
      description: `Invokes the watchdog of ${scope.name}`,
      scheduleExpression: "rate(1 minute)",
      flexibleTimeWindow: { mode: "OFF" },
      // No retry: the schedule invokes it again a minute later.
      target: {
        arn: watchdog.function.arn,
        roleArn: role.arn,
        retryPolicy: { maximumRetryAttempts: 0, maximumEventAgeInSeconds: 60 },
      },
    }),
    { parent: scope.parent, dependsOn: [policy, watchdog.policy, declared, ...manager.readiness] },
  );
  return watchdog;
}
