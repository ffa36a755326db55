import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { METRIC, METRIC_DIMENSION, METRIC_NAMESPACE } from "../runtime/contract";
import type { AlarmsArgs } from "./args";
import type { EventProcessor } from "./event-processor";
import type { Scope } from "./scope";
import { transformed } from "./transform";

interface AlarmSpec {
  readonly role: string;
  readonly description: string;
  /** Where the metric is from. @default "deployment": the component's own metrics */
  readonly source?: "deployment" | "mapping" | "processor";
  readonly metric: string;
  readonly statistic: "Maximum" | "Sum";
  readonly threshold: number;
  /** Added to the threshold for each declared stream. @default 0 */
  readonly perStream?: number;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  /** Whether missing data sets the alarm. @default false */
  readonly missingIsBreaching?: boolean;
}

const ALARMS: readonly AlarmSpec[] = [
  {
    role: "streams-down",
    description: "A stream that should be open has no live lease, or the watchdog does not run",
    metric: METRIC.streamsDown,
    statistic: "Maximum",
    threshold: 0,
    periodSeconds: 60,
    evaluationPeriods: 5,
    missingIsBreaching: true,
  },
  {
    role: "streams-failed",
    description: "A stream failed permanently; its status contains lastError",
    metric: METRIC.streamsFailed,
    statistic: "Maximum",
    threshold: 0,
    periodSeconds: 60,
    evaluationPeriods: 1,
  },
  {
    role: "processor-failures",
    description: "The processor could not handle events and stored them in the failure bucket",
    metric: METRIC.processorFailures,
    statistic: "Sum",
    threshold: 0,
    periodSeconds: 60,
    evaluationPeriods: 1,
  },
  {
    role: "processor-discarded",
    description:
      "Lambda stored events in the failure bucket, because the processor crashed or timed out on every attempt",
    source: "mapping",
    metric: "OnFailureDestinationDeliveredEventCount",
    statistic: "Sum",
    threshold: 0,
    periodSeconds: 60,
    evaluationPeriods: 1,
  },
  {
    role: "processor-dropped",
    description: "The processor did not handle events, and Lambda could not store them in the failure bucket",
    source: "mapping",
    metric: "DroppedEventCount",
    statistic: "Sum",
    threshold: 0,
    periodSeconds: 60,
    evaluationPeriods: 1,
  },
  {
    role: "hop-rate",
    // A hop lasts about 14 minutes, so more than this many mean that hops end early.
    description: "The connection manager is invoked too often",
    metric: METRIC.hops,
    statistic: "Sum",
    threshold: 30,
    perStream: 1,
    periodSeconds: 300,
    evaluationPeriods: 2,
  },
  {
    role: "iterator-age",
    description: "The processor is an hour behind; records of the table's stream expire after 24 hours",
    source: "processor",
    metric: "IteratorAge",
    statistic: "Maximum",
    threshold: 3_600_000,
    periodSeconds: 300,
    evaluationPeriods: 1,
  },
];

/** Creates the alarms and a dashboard for the deployment's metrics. */
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
      source = "deployment",
      metric,
      statistic,
      threshold,
      perStream = 0,
      periodSeconds,
      evaluationPeriods,
      missingIsBreaching,
    }) =>
      new aws.cloudwatch.MetricAlarm(
        `${scope.name}-${role}`,
        transformed<aws.cloudwatch.MetricAlarmArgs>(scope, "alarms", `${scope.name}-${role}`, {
          alarmDescription: description,
          ...sources[source],
          metricName: metric,
          statistic,
          comparisonOperator: "GreaterThanThreshold",
          threshold: perStream === 0 ? threshold : streamCount.apply((count) => threshold + perStream * count),
          period: periodSeconds,
          evaluationPeriods,
          alarmActions: actions,
          okActions: actions,
          treatMissingData: missingIsBreaching ? "breaching" : "notBreaching",
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
  ["Handover gap (ms)", "Maximum", METRIC.handoverGapMs],
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
