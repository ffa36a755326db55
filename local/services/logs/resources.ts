import type { Cloud } from "../../cloud/cloud";
import { inert, physicalName } from "../../resources/define";

/** A log group. Its lines go to the log store and to `onEvent`. */
export const logGroup = inert<Cloud>(
  ["name", "namePrefix", "retentionInDays", "kmsKeyId", "logGroupClass", "skipDestroy", "tags"],
  ["name", "namePrefix", "logGroupClass"],
  ({ region, accountId }, { name: pulumiName, inputs }) => {
    const name = physicalName(inputs.name as string | undefined, pulumiName, 512);
    return { id: name, outputs: { name, arn: `arn:aws:logs:${region}:${accountId}:log-group:${name}` } };
  },
);
