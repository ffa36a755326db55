import { randomBytes } from "node:crypto";
import { define, inert } from "./define";

const id = (prefix: string) => `${prefix}-${randomBytes(8).toString("hex")}`;

/** Everything leaves from this machine: no rule is applied. */
export const securityGroup = inert(
  ["name", "description", "vpcId", "ingress", "egress", "tags"],
  ["name", "description", "vpcId"],
  ({ region, accountId }) => {
    const group = id("sg");
    return { id: group, outputs: { arn: `arn:aws:ec2:${region}:${accountId}:security-group/${group}` } };
  },
);

interface VpcInputs {
  readonly numberOfAvailabilityZones?: number;
}

/** A network in name alone: ids to hand on, and loopback as the address that the world sees. */
export const vpc = define<VpcInputs>({
  inputs: [
    "numberOfAvailabilityZones",
    "natGateways",
    "subnetSpecs",
    "subnetStrategy",
    "vpcEndpointSpecs",
    "cidrBlock",
    "tags",
  ],
  put(_, { inputs }, before) {
    if (before !== undefined) return { id: before.id, outputs: before.outputs };
    const zones = Array.from({ length: inputs.numberOfAvailabilityZones ?? 3 });
    const vpcId = id("vpc");
    return {
      id: vpcId,
      outputs: {
        vpcId,
        publicSubnetIds: zones.map(() => id("subnet")),
        privateSubnetIds: zones.map(() => id("subnet")),
        isolatedSubnetIds: [],
        eips: [{ publicIp: "127.0.0.1" }],
      },
    };
  },
});
