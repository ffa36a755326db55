import type { AlarmSpec } from "../aws/alarms";
import { define, inert, physicalName } from "./define";

/** Logs go to whoever watches the cloud; the group is a name that roles are allowed to write to. */
export const logGroup = inert(
  ["name", "namePrefix", "retentionInDays", "kmsKeyId", "logGroupClass", "skipDestroy", "tags"],
  ["name", "namePrefix", "logGroupClass"],
  ({ region, accountId }, { name: pulumiName, inputs }) => {
    const name = physicalName(inputs.name as string | undefined, pulumiName, 512);
    return { id: name, outputs: { name, arn: `arn:aws:logs:${region}:${accountId}:log-group:${name}` } };
  },
);

/** Rings when its metric, read from the functions' log lines, says so; nobody is told but who asks for its state. */
export const metricAlarm = define<Omit<AlarmSpec, "name"> & { readonly name?: string }>({
  inputs: [
    "name",
    "namespace",
    "metricName",
    "dimensions",
    "metricQueries",
    "statistic",
    "extendedStatistic",
    "period",
    "evaluationPeriods",
    "datapointsToAlarm",
    "threshold",
    "comparisonOperator",
    "treatMissingData",
    "alarmDescription",
    "alarmActions",
    "okActions",
    "insufficientDataActions",
    "actionsEnabled",
    "unit",
    "tags",
  ],
  replaceOn: ["name"],
  put: ({ alarms, region, accountId }, { name: pulumiName, inputs }, before) => {
    const name = before?.id ?? physicalName(inputs.name, pulumiName, 255);
    alarms.put({ ...inputs, name });
    return { id: name, outputs: { name, arn: `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}` } };
  },
  remove: ({ alarms }, id) => alarms.remove(id),
});

export const dashboard = inert(
  ["dashboardName", "dashboardBody"],
  ["dashboardName"],
  ({ accountId }, { name: pulumiName, inputs }) => {
    const name = physicalName(inputs.dashboardName as string | undefined, pulumiName, 255);
    return {
      id: name,
      outputs: { dashboardName: name, dashboardArn: `arn:aws:cloudwatch::${accountId}:dashboard/${name}` },
    };
  },
);
