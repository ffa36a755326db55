import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { METRIC, METRIC_DIMENSION, METRIC_NAMESPACE } from "../runtime/contract";
import type { Scope } from "./scope";
import { transformed } from "./transform";

const PANELS: readonly (readonly [title: string, statistic: string, ...metrics: string[]])[] = [
  ["Events", "Sum", METRIC.received, METRIC.stored, METRIC.processed],
  ["Not stored", "Sum", METRIC.ignored, METRIC.suppressed, METRIC.repeated, METRIC.conflicting],
  ["Written again", "Sum", METRIC.overwritten, METRIC.overlapCopies],
  ["Hops", "Sum", METRIC.hops, METRIC.handovers, METRIC.reconnects, METRIC.watchdogRuns],
  ["Handover gap (ms)", "Maximum", METRIC.handoverGapMs],
  ["Lag (ms)", "Maximum", METRIC.processorLagMs, METRIC.sinceLastByteMs],
  [
    "Losses and failures",
    "Sum",
    ...[METRIC.refused, METRIC.abandoned, METRIC.resumeLost, METRIC.missing, METRIC.processorFailures],
  ],
  ["Writes", "Sum", METRIC.throttled, METRIC.buffered],
  ["Bytes", "Sum", METRIC.bytes],
  [
    "Streams",
    "Maximum",
    ...[METRIC.streamsDown, METRIC.streamsFailed],
    ...[METRIC.streamsNotStoring, METRIC.streamsThrottled, METRIC.streamsMute],
  ],
];

const ALARMS_HEIGHT = 3;
const PANEL_WIDTH = 12;
const PANEL_HEIGHT = 6;

/** Creates a dashboard: the alarms, then the deployment's metrics in the order of the flow, from events to failures. */
export function createDashboard(scope: Scope, alarms: readonly aws.cloudwatch.MetricAlarm[]): void {
  const region = aws.getRegionOutput({}, { parent: scope.parent }).region;
  new aws.cloudwatch.Dashboard(
    `${scope.name}-dashboard`,
    transformed<aws.cloudwatch.DashboardArgs>(scope, "dashboard", `${scope.name}-dashboard`, {
      dashboardName: scope.deployment,
      dashboardBody: pulumi.jsonStringify({ widgets: [...alarmWidgets(alarms), ...panels(scope, region)] }),
    }),
    { parent: scope.parent },
  );
}

/** CloudWatch rejects a widget without alarms. */
function alarmWidgets(alarms: readonly aws.cloudwatch.MetricAlarm[]): object[] {
  if (alarms.length === 0) return [];
  const properties = { title: "Alarms", alarms: alarms.map(({ arn }) => arn) };
  return [{ type: "alarm", x: 0, y: 0, width: 2 * PANEL_WIDTH, height: ALARMS_HEIGHT, properties }];
}

function panels({ deployment }: Scope, region: pulumi.Output<string>): object[] {
  return PANELS.map(([title, stat, ...names], index) => {
    const metrics = names.map((metric) => [METRIC_NAMESPACE, metric, METRIC_DIMENSION, deployment]);
    const x = (index % 2) * PANEL_WIDTH;
    const y = ALARMS_HEIGHT + Math.floor(index / 2) * PANEL_HEIGHT;
    const properties = { title, stat, region, period: 60, metrics };
    return { type: "metric", x, y, width: PANEL_WIDTH, height: PANEL_HEIGHT, properties };
  });
}
