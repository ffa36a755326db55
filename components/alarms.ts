import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { METRIC_DIMENSION, METRIC_NAMESPACE } from "../runtime/contract";
import { alarmRole } from "./alarm-list";
import type { AlarmsArgs } from "./args";
import type { EventProcessor } from "./event-processor";
import type { Normalised } from "./normalise";
import type { Scope } from "./scope";
import { transformed } from "./transform";

/** Creates the alarms for the deployment's metrics. */
export function createAlarms(
  scope: Scope,
  { functionArn, mapping }: Pick<EventProcessor, "functionArn" | "mapping">,
  { alarms, streams }: Pick<Normalised, "alarms" | "streams">,
  topicArn: AlarmsArgs["topicArn"],
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
  return [...alarms].map(([alarm, spec]) => {
    const name = `${scope.name}-${alarmRole(alarm)}`;
    const { threshold, perStream = 0 } = spec;
    return new aws.cloudwatch.MetricAlarm(
      name,
      transformed<aws.cloudwatch.MetricAlarmArgs>(scope, "alarms", name, {
        alarmDescription: spec.description,
        ...sources[spec.source ?? "deployment"],
        metricName: spec.metric,
        statistic: spec.statistic,
        comparisonOperator: spec.when === "below" ? "LessThanThreshold" : "GreaterThanThreshold",
        threshold: perStream === 0 ? threshold : streamCount.apply((count) => threshold + perStream * count),
        period: spec.periodSeconds,
        evaluationPeriods: spec.evaluationPeriods,
        alarmActions: actions,
        okActions: actions,
        treatMissingData: spec.missingIsBreaching ? "breaching" : "notBreaching",
        tags: scope.tags,
      }),
      { parent: scope.parent },
    );
  });
}
