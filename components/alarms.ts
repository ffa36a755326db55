import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { METRIC, METRIC_DIMENSION, METRIC_NAMESPACE } from "../runtime/contract";
import type { AlarmsArgs } from "./args";
import type { EventProcessor } from "./event-processor";
import type { Scope } from "./scope";
import { transformed } from "./transform";

interface Watch {
  readonly role: string;
  readonly description: string;
  /** @default "deployment": the product's own metrics */
  readonly of?: "deployment" | "mapping" | "processor";
  readonly metric: string;
  readonly statistic: "Maximum" | "Sum";
  readonly threshold: number;
  /** What each declared stream adds to the threshold. @default 0 */
  readonly perStream?: number;
  readonly periodSeconds: number;
  readonly periods: number;
  readonly missingIsBad?: boolean;
}

const ALARMS: readonly Watch[] = [
  {
    role: "streams-down",
    description: "A stream that should run has no live lease, or the watchdog that counts them is silent",
    metric: METRIC.streamsDown,
    statistic: "Maximum",
    threshold: 0,
    periodSeconds: 60,
    periods: 5,
    missingIsBad: true,
  },
  {
    role: "streams-failed",
    description: "A stream failed for good: see its lastError",
    metric: METRIC.streamsFailed,
    statistic: "Maximum",
    threshold: 0,
    periodSeconds: 60,
    periods: 1,
  },
  {
    role: "processor-failures",
    description: "Events lie in the failure bucket: the processor's code failed for them",
    metric: METRIC.processorFailures,
    statistic: "Sum",
    threshold: 0,
    periodSeconds: 60,
    periods: 1,
  },
  {
    role: "processor-discarded",
    description: "Events lie in the failure bucket: the processor crashed or timed out with them until Lambda gave up",
    of: "mapping",
    metric: "OnFailureDestinationDeliveredEventCount",
    statistic: "Sum",
    threshold: 0,
    periodSeconds: 60,
    periods: 1,
  },
  {
    role: "processor-dropped",
    description: "Events were lost to the processor: Lambda gave up and could not write to the failure bucket",
    of: "mapping",
    metric: "DroppedEventCount",
    statistic: "Sum",
    threshold: 0,
    periodSeconds: 60,
    periods: 1,
  },
  {
    role: "hop-rate",
    // A hop lasts about 14 minutes: this is a storm of one stream.
    description: "Hops follow each other too fast",
    metric: METRIC.hops,
    statistic: "Sum",
    threshold: 30,
    perStream: 1,
    periodSeconds: 300,
    periods: 2,
  },
  {
    role: "iterator-age",
    description: "The processor lags an hour behind; records expire after 24",
    of: "processor",
    metric: "IteratorAge",
    statistic: "Maximum",
    threshold: 3_600_000,
    periodSeconds: 300,
    periods: 1,
  },
];

/** Alarms and a dashboard over the deployment's metrics. */
export function createAlarms(
  scope: Scope,
  { functionArn, mapping }: Pick<EventProcessor, "functionArn" | "mapping">,
  streams: pulumi.Input<readonly string[]>,
  { topicArn }: AlarmsArgs = {},
): aws.cloudwatch.MetricAlarm[] {
  const streamCount = pulumi.output(streams).apply(({ length }) => length);
  const actions = topicArn === undefined ? undefined : [topicArn];
  const sources = {
    deployment: { namespace: METRIC_NAMESPACE, dimensions: { [METRIC_DIMENSION]: scope.deployment } },
    mapping: { namespace: "AWS/Lambda", dimensions: { EventSourceMappingUUID: mapping.uuid } },
    processor: {
      namespace: "AWS/Lambda",
      dimensions: { FunctionName: functionArn.apply((arn) => arn.split(":")[6] ?? arn) },
    },
  };
  const alarms = ALARMS.map(
    ({
      role,
      description,
      of = "deployment",
      metric,
      statistic,
      threshold,
      perStream = 0,
      periodSeconds,
      periods,
      missingIsBad,
    }) =>
      new aws.cloudwatch.MetricAlarm(
        `${scope.name}-${role}`,
        transformed<aws.cloudwatch.MetricAlarmArgs>(scope, "alarms", `${scope.name}-${role}`, {
          alarmDescription: description,
          ...sources[of],
          metricName: metric,
          statistic,
          comparisonOperator: "GreaterThanThreshold",
          threshold: perStream === 0 ? threshold : streamCount.apply((count) => threshold + perStream * count),
          period: periodSeconds,
          evaluationPeriods: periods,
          alarmActions: actions,
          okActions: actions,
          treatMissingData: missingIsBad ? "breaching" : "notBreaching",
          tags: scope.tags,
        }),
        { parent: scope.parent },
      ),
  );
  createDashboard(scope);
  return alarms;
}

const PANELS: readonly (readonly [title: string, statistic: string, ...metrics: string[]])[] = [
  ["Events", "Sum", METRIC.received, METRIC.stored, METRIC.suppressed, METRIC.processed],
  ["Losses and failures", "Sum", METRIC.refused, METRIC.abandoned, METRIC.processorFailures],
  ["Hops", "Sum", METRIC.hops, METRIC.handovers, METRIC.reconnects],
  ["Hand-over gap (ms)", "Maximum", METRIC.handoverGapMs],
  ["Streams", "Maximum", METRIC.streamsDown, METRIC.streamsFailed],
  ["Lag (ms)", "Maximum", METRIC.processorLagMs, METRIC.sinceLastByteMs],
];

function createDashboard(scope: Scope): void {
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
