import { failAsJson, type Protocol } from "../../cloud/protocol";
import { readInput, refuseOthers, unsupported } from "../../cloud/unsupported";
import type { Alarms } from "./alarms";

export interface CloudWatchOptions {
  readonly alarms: Alarms;
  readonly region: string;
  readonly accountId: string;
}

interface DescribeAlarms {
  readonly AlarmNames?: readonly string[];
  readonly StateValue?: string;
}

/** Supports DescribeAlarms only. */
export function cloudWatchProtocol({ alarms, region, accountId }: CloudWatchOptions): Protocol {
  const arn = (name: string) => `arn:aws:cloudwatch:${region}:${accountId}:alarm:${name}`;
  return {
    open(request) {
      const operation = request.headers["x-amz-target"]?.split(".")[1] ?? request.path;
      if (operation !== "DescribeAlarms") throw unsupported("CloudWatch", operation);
      const input = readInput(request);
      refuseOthers("CloudWatch", operation, input, ["AlarmNames", "StateValue"]);
      const { AlarmNames, StateValue }: DescribeAlarms = input;
      const requested = alarms.names().filter((name) => AlarmNames?.includes(name) ?? true);
      return {
        permissions: requested.map((name) => ({ action: "cloudwatch:DescribeAlarms", resource: arn(name) })),
        async run() {
          const MetricAlarms = requested
            .flatMap((name) => alarms.state(name) ?? [])
            .map(({ name, description, inAlarm, since }) => ({
              AlarmName: name,
              AlarmArn: arn(name),
              AlarmDescription: description,
              StateValue: inAlarm ? "ALARM" : "OK",
              StateUpdatedTimestamp: since / 1_000,
              StateTransitionedTimestamp: since / 1_000,
            }))
            .filter((alarm) => StateValue === undefined || alarm.StateValue === StateValue);
          return {
            status: 200,
            headers: { "content-type": "application/x-amz-json-1.0" },
            body: JSON.stringify({ MetricAlarms }),
          };
        },
      };
    },
    fail: failAsJson,
  };
}
