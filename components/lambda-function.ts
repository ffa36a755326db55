import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ENV } from "../runtime/contract";
import { Architecture, type Transform } from "./args";
import type { Code } from "./bundle/bundle";
import { checkSize } from "./environment";
import { type Statement, writeLogs } from "./permissions";
import { type Scope, transformed } from "./scope";

const LOG_RETENTION_DAYS = 30;

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
  readonly reservedConcurrency?: number;
  readonly vpcConfig?: aws.types.input.lambda.FunctionVpcConfig;
  readonly transform?: Transform<aws.lambda.FunctionArgs>;
}

export interface LambdaFunction {
  readonly function: aws.lambda.Function;
  readonly role: aws.iam.Role;
  readonly logGroup: aws.cloudwatch.LogGroup;
  readonly policy: aws.iam.RolePolicy;
}

/** A function with its own log group, role and policy, all there before it is. */
export function createLambda(scope: Scope, spec: LambdaSpec): LambdaFunction {
  const name = `${scope.name}-${spec.role}`;
  const options = { parent: scope.parent };
  const runtime = spec.runtime ?? "nodejs24.x";
  const sourceMaps: Record<string, string> = runtime.startsWith("nodejs")
    ? { NODE_OPTIONS: "--enable-source-maps" }
    : {};
  const logGroup = new aws.cloudwatch.LogGroup(
    `${name}-logs`,
    { retentionInDays: LOG_RETENTION_DAYS, tags: scope.tags },
    options,
  );
  const role = createRole(scope, name, "lambda.amazonaws.com");
  const vpcStatements: Statement[] = spec.vpcConfig
    ? [{ Effect: "Allow", Action: NETWORK_INTERFACE_ACTIONS, Resource: ["*"] }]
    : [];
  const policy = attachPolicy(
    scope,
    name,
    role,
    pulumi
      .output(spec.statements)
      .apply((own) => [...writeLogs(logGroup.arn), ...vpcStatements, ...(own as Statement[])]),
  );
  const fn = new aws.lambda.Function(
    name,
    transformed<aws.lambda.FunctionArgs>(
      {
        description: spec.description,
        runtime,
        architectures: [spec.architecture ?? Architecture.arm64],
        handler: spec.bundle.handler,
        code: spec.bundle.archive,
        role: role.arn,
        memorySize: spec.memorySize,
        timeout: spec.timeoutSeconds,
        environment: {
          variables: pulumi.output(spec.environment).apply((own) => {
            const variables = { ...sourceMaps, ...own, [ENV.deployment]: scope.deployment };
            checkSize(`the function ${name}`, variables);
            return variables;
          }),
        },
        loggingConfig: { logFormat: "JSON", logGroup: logGroup.name },
        reservedConcurrentExecutions: spec.reservedConcurrency,
        vpcConfig: spec.vpcConfig,
        tags: scope.tags,
      },
      spec.transform,
    ),
    { ...options, dependsOn: [policy] },
  );
  return { function: fn, role, logGroup, policy };
}

/** What a function in a VPC needs; AWS grants these on no narrower resource. */
const NETWORK_INTERFACE_ACTIONS = [
  "ec2:CreateNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
];

export function createRole(scope: Scope, name: string, service: string): aws.iam.Role {
  return new aws.iam.Role(
    `${name}-role`,
    {
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
      }),
      tags: scope.tags,
    },
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
    { role: role.name, policy: policyDocument(statements) },
    { parent: scope.parent },
  );
}

export function policyDocument(statements: pulumi.Input<Statement[]>): pulumi.Output<string> {
  return pulumi.jsonStringify({ Version: "2012-10-17", Statement: statements });
}
