import { COMPONENT_TYPE } from "pulumi-stream-ingestion/internal";
import type { StackState } from "stream-ingestion-local";
import type { StackOutputs } from "../stack-outputs";
import { type ExportedResource, findComponent } from "../verify/find-deployment";

const TYPES = [COMPONENT_TYPE, "aws:lambda/function:Function", "aws:cloudwatch/metricAlarm:MetricAlarm"];

/** The resources that the commands read, without secrets. The environment of a processor is the user's and can contain some. */
export function sessionResources(resources: StackState): ExportedResource[] {
  return resources
    .filter(({ type }) => TYPES.includes(type))
    .map(({ urn, type, parent, name, outputs, secretOutputs }) => {
      const hidden = new Set(name.endsWith("-event-processor") ? [...secretOutputs, "environment"] : secretOutputs);
      const shown = Object.entries(outputs).filter(([output]) => !hidden.has(output) && output !== "code");
      return { urn, type, parent, outputs: Object.fromEntries(shown) };
    });
}

/** The outputs of one instance, in place of the stack's. @throws CliError INSTANCE_UNKNOWN without an instance, or with several and no name */
export function instanceOutputs(resources: readonly ExportedResource[], instance?: string): StackOutputs {
  return findComponent(resources, instance).outputs ?? {};
}
