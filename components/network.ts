import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import type { NetworkArgs } from "./args";
import type { Scope } from "./scope";

/** Where the connection manager's traffic leaves from. */
export interface Egress {
  readonly subnetIds: pulumi.Input<pulumi.Input<string>[]>;
  readonly securityGroupIds: pulumi.Input<pulumi.Input<string>[]>;
  /** Addresses that upstream sees; known only for a VPC of ours. */
  readonly egressIps: pulumi.Output<string[]>;
}

/** Undefined = outside a VPC. */
export function createEgress(scope: Scope, network: NetworkArgs | undefined): Egress | undefined {
  if (network === undefined) return undefined;
  if (network.fixedEgress) return createFixedEgress(scope);
  return {
    subnetIds: network.subnetIds!,
    securityGroupIds: network.securityGroupIds!,
    egressIps: pulumi.output<string[]>([]),
  };
}

/** A VPC with one NAT gateway and so one address. Traffic to DynamoDB and S3 passes it by, through gateway endpoints. */
function createFixedEgress(scope: Scope): Egress {
  const awsx = loadAwsx();
  const name = `${scope.name}-egress`;
  const opts = { parent: scope.parent };
  const region = aws.getRegionOutput({}, opts);
  const vpc = new awsx.ec2.Vpc(
    name,
    {
      numberOfAvailabilityZones: 2,
      natGateways: { strategy: "Single" },
      subnetStrategy: "Auto",
      subnetSpecs: [{ type: "Public" }, { type: "Private" }],
      vpcEndpointSpecs: ["dynamodb", "s3"].map((service) => ({
        name: service,
        serviceName: pulumi.interpolate`com.amazonaws.${region.region}.${service}` as unknown as string,
        vpcEndpointType: "Gateway",
      })),
      tags: scope.tags,
    },
    opts,
  );
  const securityGroup = new aws.ec2.SecurityGroup(
    name,
    {
      description: "Connection manager: out alone",
      vpcId: vpc.vpcId,
      egress: [{ protocol: "-1", fromPort: 0, toPort: 0, cidrBlocks: ["0.0.0.0/0"] }],
      tags: scope.tags,
    },
    opts,
  );
  return {
    subnetIds: vpc.privateSubnetIds,
    securityGroupIds: [securityGroup.id],
    egressIps: vpc.eips.apply((eips) => pulumi.all(eips.map(({ publicIp }) => publicIp))),
  };
}

/** awsx brings many packages: only who asks for a VPC needs to have it. */
function loadAwsx(): typeof import("@pulumi/awsx") {
  try {
    return require("@pulumi/awsx");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "MODULE_NOT_FOUND") throw error;
    throw new Error(
      "Expected the package @pulumi/awsx for `network.fixedEgress`, got none. Run npm install @pulumi/awsx@3.",
    );
  }
}
