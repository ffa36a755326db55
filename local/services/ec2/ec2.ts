import type { Service } from "../service";
import { securityGroup, vpc, vpcEndpoint } from "./resources";

/** Placeholder networks, and the region. */
export const ec2: Service<unknown> = {
  open: () => ({ model: {} }),
  resources: {
    "aws:ec2/securityGroup:SecurityGroup": securityGroup,
    "aws:ec2/vpcEndpoint:VpcEndpoint": vpcEndpoint,
    "awsx:ec2:Vpc": vpc,
  },
  functions: {
    "aws:index/getRegion:getRegion": ({ region }) => ({
      id: region,
      name: region,
      region,
      description: "local",
      endpoint: `ec2.${region}.amazonaws.com`,
    }),
    "aws:index/getAvailabilityZones:getAvailabilityZones": ({ region }) => {
      const names = ["a", "b", "c"].map((zone) => `${region}${zone}`);
      return { id: region, names, zoneIds: names };
    },
  },
};
