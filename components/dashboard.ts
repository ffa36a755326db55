import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { METRIC, METRIC_DIMENSION, METRIC_NAMESPACE } from "../runtime/contract";
import type { Scope } from "./scope";
import { transformed } from "./transform";

const PANELS: readonly (readonly [title: string, statistic: string, ...metrics: string[]])[] = [
  ["Events", "Sum", METRIC.received, METRIC.stored, METRIC.processed],
  ["Not stored", "Sum", METRIC.ignored, METRIC.suppressed, METRIC.repeated, METRIC.conflicting],
  ["Written again", "Sum", METRIC.overwritten, METRIC.overlapCopies],
  [
    "Losses and failures",
    "Sum",
    ...[METRIC.refused, METRIC.abandoned, METRIC.resumeLost, METRIC.missing, METRIC.processorFailures],
  ],
  ["Writes", "Sum", METRIC.throttled, METRIC.buffered],
  ["Bytes", "Sum", METRIC.bytes],
  ["Hops", "Sum", METRIC.hops, METRIC.handovers, METRIC.reconnects, METRIC.watchdogRuns],
  ["Handover gap (ms)", "Maximum", METRIC.handoverGapMs],
  [
    "Streams",
    "Maximum",
    ...[METRIC.streamsDown, METRIC.streamsFailed],
    ...[METRIC.streamsNotStoring, METRIC.streamsThrottled, METRIC.streamsMute],
  ],
  ["Lag (ms)", "Maximum", METRIC.processorLagMs, METRIC.sinceLastByteMs],
];

/** Creates a dashboard of the deployment's metrics. */
export function createDashboard(scope: Scope): void {
  const region = aws.getRegionOutput({}, { parent: scope.parent }).region;
  new aws.cloudwatch.Dashboard(
    `${scope.name}-dashboard`,
    transformed<aws.cloudwatch.DashboardArgs>(scope, "dashboard", `${scope.name}-dashboard`, {
      dashboardName: scope.deployment,
      dashboardBody: pulumi.jsonStringify({
        widgets: PANELS.map(([title, stat, ...metrics], index) => ({
          type: "metric",
          x: (index % 2) * 12,
          y: Math.floor(index / 2) * 6,
          width: 12,
          height: 6,
          properties: {
            title,
            stat,
            region,
            period: 60,
            metrics: metrics.map((metric) => [METRIC_NAMESPACE, metric, METRIC_DIMENSION, scope.deployment]),
          },
        })),
      }),
    }),
    { parent: scope.parent },
  );
}
