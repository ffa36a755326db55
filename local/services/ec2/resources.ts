import { createHash, randomBytes } from "node:crypto";
import type { Cloud } from "../../cloud/cloud";
import { define, inert } from "../../resources/define";

/** A security group. Its rules have no effect here. */
export const securityGroup = inert<Cloud>(
  ["name", "description", "vpcId", "ingress", "egress", "tags"],
  ["name", "description", "vpcId"],
  ({ region, accountId }) => {
    const group = `sg-${randomBytes(8).toString("hex")}`;
    return { id: group, outputs: { arn: `arn:aws:ec2:${region}:${accountId}:security-group/${group}` } };
  },
);

/** A VPC endpoint. It has no effect here. */
export const vpcEndpoint = inert<Cloud>(
  [
    "vpcId",
    "serviceName",
    "vpcEndpointType",
    "privateDnsEnabled",
    "subnetIds",
    "securityGroupIds",
    "routeTableIds",
    "policy",
    "tags",
  ],
  ["vpcId", "serviceName", "vpcEndpointType"],
  ({ region, accountId }) => {
    const id = `vpce-${randomBytes(8).toString("hex")}`;
    return { id, outputs: { arn: `arn:aws:ec2:${region}:${accountId}:vpc-endpoint/${id}`, state: "available" } };
  },
);

interface VpcInputs {
  readonly numberOfAvailabilityZones?: number;
}

/**
 * A placeholder network with ids, and loopback as its public address. The ids are derived from the URN, because under the
 * Pulumi engine this is a component, which has no state to store them in.
 */
export const vpc = define<Cloud, VpcInputs>({
  inputs: [
    "numberOfAvailabilityZones",
    "natGateways",
    "subnetSpecs",
    "subnetStrategy",
    "vpcEndpointSpecs",
    "cidrBlock",
    "tags",
  ],
  put(_, { urn, inputs }) {
    const suffix = createHash("sha256").update(urn).digest("hex").slice(0, 12);
    const zones = Array.from({ length: inputs.numberOfAvailabilityZones ?? 3 }, (_, zone) => zone);
    const vpcId = `vpc-${suffix}`;
    return {
      id: vpcId,
      outputs: {
        vpcId,
        publicSubnetIds: zones.map((zone) => `subnet-${suffix}0${zone}`),
        privateSubnetIds: zones.map((zone) => `subnet-${suffix}1${zone}`),
        isolatedSubnetIds: [],
        eips: [{ publicIp: "127.0.0.1" }],
      },
    };
  },
});
