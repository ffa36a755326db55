import { createHash, randomBytes } from "node:crypto";
import type { Cloud } from "../../cloud/cloud";
import { define, inert } from "../../resources/define";

/** Everything leaves from this machine: no rule is applied. */
export const securityGroup = inert<Cloud>(
  ["name", "description", "vpcId", "ingress", "egress", "tags"],
  ["name", "description", "vpcId"],
  ({ region, accountId }) => {
    const group = `sg-${randomBytes(8).toString("hex")}`;
    return { id: group, outputs: { arn: `arn:aws:ec2:${region}:${accountId}:security-group/${group}` } };
  },
);

interface VpcInputs {
  readonly numberOfAvailabilityZones?: number;
}

/**
 * A network in name alone: ids to hand on, and loopback as the address that the world sees. The ids follow from the URN: under
 * Pulumi's engine this is a component, which has no state to keep them in.
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
    const end = createHash("sha256").update(urn).digest("hex").slice(0, 12);
    const zones = Array.from({ length: inputs.numberOfAvailabilityZones ?? 3 }, (_, zone) => zone);
    const vpcId = `vpc-${end}`;
    return {
      id: vpcId,
      outputs: {
        vpcId,
        publicSubnetIds: zones.map((zone) => `subnet-${end}0${zone}`),
        privateSubnetIds: zones.map((zone) => `subnet-${end}1${zone}`),
        isolatedSubnetIds: [],
        eips: [{ publicIp: "127.0.0.1" }],
      },
    };
  },
});
