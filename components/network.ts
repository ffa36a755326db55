import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { type NetworkArgs, NetworkFunctions, type PrivateApiArgs } from "./args";
import type { Scope } from "./scope";
import { transformed } from "./transform";

/** Subnets and security groups of a function's network interfaces. */
export interface VpcAccess {
  readonly subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  readonly securityGroupIds: pulumi.Input<pulumi.Input<string>[]>;
}

/** The VPC settings of the functions. */
export interface Egress extends VpcAccess {
  /** Whether all functions are in the VPC, not only the connection manager. */
  readonly everyFunction: boolean;
  /** Addresses that the upstream sees; empty for existing subnets. */
  readonly egressIps: pulumi.Output<string[]>;
}

/** Returns undefined when the connection manager runs outside a VPC. */
export function createEgress(scope: Scope, network: NetworkArgs | undefined): Egress | undefined {
  if (network === undefined) return undefined;
  const everyFunction = network.functions === NetworkFunctions.all;
  if (network.fixedEgress) return { ...createFixedEgress(scope), everyFunction };
  return {
    everyFunction,
    subnetIds: network.subnetIds!,
    securityGroupIds: network.securityGroupIds!,
    egressIps: pulumi.output<string[]>([]),
  };
}

/** Creates a VPC with one NAT gateway and so one address. Traffic to DynamoDB and S3 uses gateway endpoints instead. */
function createFixedEgress(scope: Scope): Omit<Egress, "everyFunction"> {
  const awsx = loadAwsx();
  const name = `${scope.name}-egress`;
  const opts = { parent: scope.parent };
  const region = aws.getRegionOutput({}, opts);
  const vpc = new awsx.ec2.Vpc(
    name,
    transformed(scope, "egressVpc", name, {
      numberOfAvailabilityZones: 2,
      natGateways: { strategy: "Single" as const },
      subnetStrategy: "Auto" as const,
      subnetSpecs: [{ type: "Public" as const }, { type: "Private" as const }],
      vpcEndpointSpecs: ["dynamodb", "s3"].map((service) => ({
        name: service,
        serviceName: pulumi.interpolate`com.amazonaws.${region.region}.${service}` as unknown as string,
        vpcEndpointType: "Gateway" as const,
      })),
      tags: scope.tags,
    }),
    opts,
  );
  const securityGroup = new aws.ec2.SecurityGroup(
    name,
    transformed<aws.ec2.SecurityGroupArgs>(scope, "securityGroup", name, {
      description: "Outbound traffic only",
      vpcId: vpc.vpcId,
      egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
      tags: scope.tags,
    }),
    opts,
  );
  return {
    subnetIds: vpc.privateSubnetIds,
    securityGroupIds: [securityGroup.id],
    egressIps: vpc.eips.apply((eips) => pulumi.all(eips.map(({ publicIp }) => publicIp))),
  };
}

/** Ids of the VPC endpoints that may call a private API: existing ones, or a new one in an existing VPC. */
export function createApiEndpoint(
  scope: Scope,
  { vpcEndpointIds, vpcId, subnetIds, securityGroupIds }: PrivateApiArgs,
): pulumi.Output<string[]> {
  if (vpcId === undefined) return pulumi.output(vpcEndpointIds!);
  const name = `${scope.name}-api-endpoint`;
  const { region } = aws.getRegionOutput({}, { parent: scope.parent });
  const endpoint = new aws.ec2.VpcEndpoint(
    name,
    transformed<aws.ec2.VpcEndpointArgs>(scope, "vpcEndpoint", name, {
      vpcId,
      serviceName: region.apply((name) => `${name.startsWith("cn-") ? "cn." : ""}com.amazonaws.${name}.execute-api`),
      vpcEndpointType: "Interface",
      // Inside the VPC, the API's public name resolves to the endpoint.
      privateDnsEnabled: true,
      subnetIds,
      securityGroupIds,
      tags: scope.tags,
    }),
    { parent: scope.parent },
  );
  return pulumi.all([endpoint.id]);
}

/** Loaded on demand, because awsx has many dependencies and only `fixedEgress` needs it. */
function loadAwsx(): typeof import("@pulumi/awsx") {
  try {
    return require("@pulumi/awsx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new Error(
      "Expected the package @pulumi/awsx for `network.fixedEgress`, but it is not installed. Run: npm install @pulumi/awsx@3",
    );
  }
}
