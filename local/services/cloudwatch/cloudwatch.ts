import type { LogStore } from "../logs/log-store";
import type { Service } from "../service";
import { type Alarms, createAlarms } from "./alarms";
import { cloudWatchProtocol } from "./cloudwatch-protocol";
import { dashboard, metricAlarm } from "./resources";

/** Alarms on metrics that functions log. */
export const cloudwatch: Service<{ readonly alarms: Alarms }, { readonly logs: LogStore }> = {
  open({ logs, region, accountId }) {
    const alarms = createAlarms(logs, Date.now);
    return {
      model: { alarms },
      protocol: { signingName: "monitoring", ...cloudWatchProtocol({ alarms, region, accountId }) },
    };
  },
  resources: {
    "aws:cloudwatch/dashboard:Dashboard": dashboard,
    "aws:cloudwatch/metricAlarm:MetricAlarm": metricAlarm,
  },
};
