import assert from "node:assert/strict";
import { type ApiCall, apiCalls } from "./api-calls";
import { ARGUMENT_SETS } from "./argument-sets";
import { type Captured, captured } from "./captured";
import { python, usePython } from "./python";
import { resourcesOf, type Template, templateOf } from "./template";

type Policy = { readonly name: string; readonly policy: string };

const check = (kind: "calls" | "template" | "policies" | "dashboards", input: unknown) =>
  python<string[]>("check.py", [kind], input);

/** The resource `*` that AWS documents for functions in a VPC. */
const NETWORK_INTERFACES =
  /RESOURCE_STAR \['ec2:AssignPrivateIpAddresses', 'ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface', 'ec2:UnassignPrivateIpAddresses'\]$/;

describe("AWS's models", () => {
  usePython();
  const deployments: [set: string, resources: readonly Captured[]][] = [];
  before(async () => {
    // One after another: Pulumi's mocks are global.
    for (const [name, set] of Object.entries(ARGUMENT_SETS)) deployments.push([name, await captured(set)]);
  });

  const ofType = (wanted: string) =>
    deployments.flatMap(([set, resources]) =>
      resources.filter(({ type }) => type === wanted).map(({ name, inputs }) => ({ name: `${set}: ${name}`, inputs })),
    );

  it("accept every API call that creates a resource, with patterns, enums and lengths (botocore)", async () => {
    const calls = deployments.flatMap(([set, resources]) =>
      resources
        .flatMap(({ type, name, inputs }) => apiCalls(type, name, inputs))
        .map((call) => ({ ...call, resource: `${set}: ${call.resource}` })),
    );
    assert.deepEqual(await check("calls", calls), []);
  });

  it("accept the resources as CloudFormation templates (cfn-lint)", async () => {
    // One template per region, and in it only the resources that differ: cfn-lint takes seconds for each template.
    const regions: Record<string, Template["Resources"]> = {};
    const seen = new Set<string>();
    deployments.forEach(([set, resources], index) => {
      const { region = "eu-west-1" } = ARGUMENT_SETS[set]!;
      regions[region] ??= {};
      for (const [id, resource] of Object.entries(resourcesOf(resources)))
        if (seen.size < seen.add(JSON.stringify(resource)).size) regions[region][`${id}Of${index}`] = resource;
    });
    const templates = Object.entries(regions).map(([region, Resources]) => ({
      region,
      template: templateOf(Resources),
    }));
    assert.deepEqual(await check("template", templates), []);
  });

  it("accept the policy of every role, except the resource * for network interfaces (parliament)", async () => {
    const policies = ofType("aws:iam/rolePolicy:RolePolicy").map(
      ({ name, inputs: { policy } }): Policy => ({ name, policy }),
    );
    const findings = await check("policies", policies);
    assert.deepEqual(
      findings.filter((finding) => !NETWORK_INTERFACES.test(finding)),
      [],
    );
  });

  it("accept the dashboard", async () => {
    const dashboards = ofType("aws:cloudwatch/dashboard:Dashboard").map(({ name, inputs }) => ({
      name,
      body: inputs.dashboardBody,
    }));
    assert.deepEqual(await check("dashboards", dashboards), []);
  });

  it("find what is wrong in an API call: unknown, missing, and outside enum, pattern, length or range", async () => {
    const call = (service: string, operation: string, params: object): ApiCall => ({
      resource: operation,
      service,
      operation,
      params,
    });
    const findings = await check("calls", [
      call("lambda", "PutFunctionRecursionConfig", { FunctionName: "f", RecursiveLoop: "Permit" }),
      call("lambda", "PutFunctionEventInvokeConfig", { FunctionName: "f", MaximumRetryAttempts: 3 }),
      call("iam", "CreateRole", { RoleName: "a b", AssumeRolePolicyDocument: "{}" }),
      call("iam", "CreateRole", { RoleName: "a".repeat(65), AssumeRolePolicyDocument: "{}" }),
      call("lambda", "PutFunctionConcurrency", { FunctionName: "f" }),
      call("logs", "CreateLogGroup", { logGroupName: "g", retention: 1 }),
    ]);
    assert.deepEqual(
      findings.map((finding) => finding.slice(0, 90)),
      [
        "PutFunctionRecursionConfig: PutFunctionRecursionConfig: params.RecursiveLoop: 'Permit' is ",
        "PutFunctionEventInvokeConfig: PutFunctionEventInvokeConfig: params.MaximumRetryAttempts: 3",
        "CreateRole: CreateRole: params.RoleName: 'a b' does not match [\\w+=,.@-]+",
        "CreateRole: CreateRole: params.RoleName: 65 is more than 64",
        'PutFunctionConcurrency: PutFunctionConcurrency: Missing required parameter in input: "Rese',
        'CreateLogGroup: CreateLogGroup: Unknown parameter in input: "retention", must be one of: l',
      ],
    );
  });

  it("find what is wrong in a template, a policy and a dashboard", async () => {
    const Resources = { Table: { Type: "AWS::DynamoDB::Table", Properties: { KeySchema: [] } } };
    const broken = { region: "eu-west-1", template: templateOf(Resources) };
    assert.match(String(await check("template", [broken])), /Resources\/Table\/Properties/);
    const policy = (Action: string, Resource: string): Policy => ({
      name: Action,
      policy: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", Action, Resource }] }),
    });
    assert.match(String(await check("policies", [policy("dynamodb:ReadItem", "*")])), /UNKNOWN_ACTION/);
    assert.match(String(await check("policies", [policy("s3:GetObject", "arn:aws:s3:::bucket")])), /RESOURCE_MISMATCH/);
    const widget = { type: "metric", x: 30, y: 0, properties: { region: "eu-west-1", metrics: [], period: 45 } };
    const body = JSON.stringify({ widgets: [widget] });
    assert.equal((await check("dashboards", [{ name: "d", body }])).length, 2);
  });
});
