import type { Cloud } from "../../cloud/cloud";
import { define, inert, physicalName } from "../../resources/define";
import type { AlarmSpec, Alarms } from "./alarms";

interface CloudWatchCloud extends Cloud {
  readonly alarms: Alarms;
}

/** An alarm on a metric that functions log. Its state can be read. Its actions do not run. */
export const metricAlarm = define<CloudWatchCloud, Omit<AlarmSpec, "name"> & { readonly name?: string }>({
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

export const dashboard = inert<CloudWatchCloud>(
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
