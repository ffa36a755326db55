import { inert } from "../../resources/define";
import type { Service } from "../service";

/** Application Auto Scaling. The tables here have no limit, so there is nothing to scale. */
export const appautoscaling: Service<object> = {
  open: () => ({ model: {} }),
  resources: {
    "aws:appautoscaling/target:Target": inert(
      ["maxCapacity", "minCapacity", "resourceId", "roleArn", "scalableDimension", "serviceNamespace", "tags"],
      ["resourceId", "scalableDimension", "serviceNamespace"],
      ({ accountId, region }, { inputs, name }) => ({
        id: String(inputs.resourceId),
        outputs: { arn: `arn:aws:application-autoscaling:${region}:${accountId}:scalable-target/${name}` },
      }),
    ),
    "aws:appautoscaling/policy:Policy": inert(
      [
        "name",
        "policyType",
        "resourceId",
        "scalableDimension",
        "serviceNamespace",
        "targetTrackingScalingPolicyConfiguration",
      ],
      ["name", "resourceId", "scalableDimension", "serviceNamespace"],
      ({ accountId, region }, { inputs, name }) => ({
        id: String(inputs.name ?? name),
        outputs: { arn: `arn:aws:autoscaling:${region}:${accountId}:scalingPolicy:${name}` },
      }),
    ),
  },
};
