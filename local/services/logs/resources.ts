import type { Cloud } from "../../cloud/cloud";
import { define, physicalName } from "../../resources/define";
import type { LogStore } from "./log-store";

interface LogsCloud extends Cloud {
  readonly logs: LogStore;
}

interface LogGroupInputs {
  readonly name?: string;
}

/** A log group. Its lines go to the log store and to `onEvent`. Retention and encryption have no effect here. */
export const logGroup = define<LogsCloud, LogGroupInputs>({
  inputs: ["name", "namePrefix", "retentionInDays", "kmsKeyId", "logGroupClass", "skipDestroy", "tags"],
  replaceOn: ["name", "namePrefix", "logGroupClass"],
  put({ logs, region, accountId }, { name: pulumiName, inputs }, before) {
    const name = before?.id ?? physicalName(inputs.name, pulumiName, 512);
    logs.createGroup(name);
    return { id: name, outputs: { name, arn: `arn:aws:logs:${region}:${accountId}:log-group:${name}` } };
  },
  remove({ logs }, id, { skipDestroy }) {
    if (skipDestroy !== true) logs.deleteGroup(id);
  },
});
