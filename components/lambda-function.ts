import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ENV } from "../runtime/contract";
import { Architecture, type PolicyStatementArgs, type Transforms } from "./args";
import type { Code } from "./bundle/bundle";
import { checkTransformed } from "./environment";
import type { VpcAccess } from "./network";
import { type KeyUse, logStatements, NETWORK_INTERFACES, type Statement, useKey, writeTraces } from "./permissions";
import type { Scope } from "./scope";
import { transformed } from "./transform";

export interface LambdaSpec {
  /** Child name: `<instance>-<role>`. */
  readonly role: string;
  readonly description: string;
  readonly bundle: Code;
  /** @default "nodejs24.x" */
  readonly runtime?: string;
  /** @default "arm64" */
  readonly architecture?: Architecture;
  readonly memorySize: number;
  readonly timeoutSeconds: number;
  readonly environment: pulumi.Input<Record<string, pulumi.Input<string>>>;
  readonly statements: pulumi.Input<Statement[]>;
  /** Additional statements of the user. */
  readonly extraStatements?: pulumi.Input<pulumi.Unwrap<PolicyStatementArgs>[]>;
  /** How the function uses data that is encrypted with the customer's key. */
  readonly keyUse: KeyUse;
  readonly reservedConcurrency?: number;
  /** Absent = outside a VPC. */
  readonly vpc?: VpcAccess;
  readonly transform: keyof Transforms;
  /** Resources that must be updated before the function. */
  readonly after?: pulumi.Resource[];
}

export interface LambdaFunction {
  readonly function: aws.lambda.Function;
  readonly role: aws.iam.Role;
  readonly logGroup: aws.cloudwatch.LogGroup;
  readonly policy: aws.iam.RolePolicy;
}

/** Creates a function, and before it its log group, role and policy. */
export function createLambda(scope: Scope, spec: LambdaSpec): LambdaFunction {
  const { account } = scope;
  const name = `${scope.name}-${spec.role}`;
  const options = { parent: scope.parent };
  const runtime = spec.runtime ?? "nodejs24.x";
  const sourceMaps: Record<string, string> = runtime.startsWith("nodejs")
    ? { NODE_OPTIONS: "--enable-source-maps" }
    : {};
  const logGroup = createLogGroup(scope, `${name}-logs`);
  const role = createRole(scope, name, "lambda.amazonaws.com");
  const policy = attachPolicy(
    scope,
    name,
    role,
    pulumi
      .all([spec.statements, spec.extraStatements ?? []])
      .apply(([own, extra]) => [
        ...logStatements(logGroup.arn),
        ...(spec.vpc ? NETWORK_INTERFACES : []),
        ...(account.tracing ? writeTraces : []),
        ...useKey(account.kmsKeyArn, spec.keyUse),
        ...(own as Statement[]),
        ...extra.map(allowed),
      ]),
  );
  const variables = pulumi
    .output(spec.environment)
    .apply((own) => ({ ...sourceMaps, ...own, [ENV.deployment]: scope.deployment }));
  const args: aws.lambda.FunctionArgs = {
    description: spec.description,
    runtime,
    architectures: [spec.architecture ?? Architecture.arm64],
    handler: spec.bundle.handler,
    code: spec.bundle.archive,
    role: role.arn,
    memorySize: spec.memorySize,
    timeout: spec.timeoutSeconds,
    environment: { variables },
    kmsKeyArn: account.kmsKeyArn,
    tracingConfig: account.tracing ? { mode: "Active" } : undefined,
    loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
    reservedConcurrentExecutions: spec.reservedConcurrency,
    vpcConfig: spec.vpc && { subnetIds: spec.vpc.subnetIds, securityGroupIds: spec.vpc.securityGroupIds },
    tags: scope.tags,
  };
  const changed = transformed(scope, spec.transform, name, transformed(scope, "functions", name, args));
  const environment = pulumi.all([variables, changed.environment]).apply(([own, final]) => {
    checkTransformed(name, own, final?.variables ?? {});
    return final!;
  });
  const fn = new aws.lambda.Function(
    name,
    { ...changed, environment },
    { ...options, dependsOn: [policy, ...(spec.after ?? [])] },
  );
  return { function: fn, role, logGroup, policy };
}

export function createLogGroup(scope: Scope, name: string): aws.cloudwatch.LogGroup {
  const { logRetentionDays, kmsKeyArn } = scope.account;
  return new aws.cloudwatch.LogGroup(
    name,
    transformed<aws.cloudwatch.LogGroupArgs>(scope, "logGroups", name, {
      retentionInDays: logRetentionDays,
      kmsKeyId: kmsKeyArn,
      tags: scope.tags,
    }),
    { parent: scope.parent },
  );
}

export const allowed = ({ actions, resources }: pulumi.Unwrap<PolicyStatementArgs>): Statement => ({
  Effect: "Allow",
  Action: actions,
  Resource: resources,
});

/** @param conditions - conditions of the trust policy that restrict for which resources the service may assume the role */
export function createRole(
  scope: Scope,
  name: string,
  service: string,
  conditions?: pulumi.Input<Record<string, Record<string, pulumi.Input<string>>>>,
): aws.iam.Role {
  const trust = { Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" };
  const { permissionsBoundary, rolePath } = scope.account;
  return new aws.iam.Role(
    `${name}-role`,
    transformed<aws.iam.RoleArgs>(scope, "roles", `${name}-role`, {
      assumeRolePolicy: pulumi.jsonStringify({
        Version: "2012-10-17",
        Statement: [{ ...trust, ...(conditions && { Condition: conditions }) }],
      }),
      permissionsBoundary,
      path: rolePath,
      tags: scope.tags,
    }),
    { parent: scope.parent },
  );
}

export function attachPolicy(
  scope: Scope,
  name: string,
  role: { name: pulumi.Input<string> },
  statements: pulumi.Input<Statement[]>,
): aws.iam.RolePolicy {
  return new aws.iam.RolePolicy(
    `${name}-policy`,
    transformed<aws.iam.RolePolicyArgs>(scope, "policies", `${name}-policy`, {
      role: role.name,
      policy: policyDocument(statements),
    }),
    { parent: scope.parent },
  );
}

export function policyDocument(statements: pulumi.Input<Statement[]>): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: "2012-10-17", Statement: statements });
}
