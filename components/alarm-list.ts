import { METRIC } from "../runtime/contract";
import type { AlarmsArgs } from "./args";

/** The arguments of single alarms. In the name of the alarm, `streamsDown` is `streams-down`. */
export type AlarmName = Exclude<keyof AlarmsArgs, "topicArn">;

export interface AlarmSpec {
  readonly description: string;
  /** Where the metric is from. @default "deployment": the component's own metrics */
  readonly source?: "deployment" | "mapping" | "processor";
  readonly metric: string;
  readonly statistic: "Maximum" | "Sum";
  /** @default "above" */
  readonly when?: "above" | "below";
  readonly threshold: number;
  /** Added to the threshold for each declared stream. @default 0 */
  readonly perStream?: number;
  readonly periodSeconds: number;
  readonly evaluationPeriods: number;
  /** Whether missing data sets the alarm. @default false */
  readonly missingIsBreaching?: boolean;
}

/** A metric of the deployment that must be 0, over periods of one minute. */
function mustBeZero(statistic: AlarmSpec["statistic"], metric: string, description: string, minutes = 1): AlarmSpec {
  return { description, metric, statistic, threshold: 0, periodSeconds: 60, evaluationPeriods: minutes };
}

export const ALARMS: Readonly<Record<AlarmName, AlarmSpec>> = {
  streamsDown: mustBeZero("Maximum", METRIC.streamsDown, "A stream that should be open has no live lease", 5),
  streamsFailed: mustBeZero(
    "Maximum",
    METRIC.streamsFailed,
    "A stream failed permanently; its status contains lastError",
  ),
  streamsNotStoring: mustBeZero(
    "Maximum",
    METRIC.streamsNotStoring,
    "A stream receives events and stores none; its status contains lastError",
    5,
  ),
  streamsThrottled: mustBeZero(
    "Maximum",
    METRIC.streamsThrottled,
    "The event table has been throttling a stream's writes",
    5,
  ),
  streamsMute: mustBeZero(
    "Maximum",
    METRIC.streamsMute,
    "A stream receives bytes and no event comes out of them; its status contains lastError",
  ),
  eventsAbandoned: mustBeZero(
    "Sum",
    METRIC.abandoned,
    "A hop ended before it had stored all events; the next one reads them again only if the upstream can resume",
  ),
  eventsRefused: mustBeZero(
    "Sum",
    METRIC.refused,
    "Events were refused, for example because they are larger than events.maxEventBytes",
  ),
  eventsMissing: mustBeZero("Sum", METRIC.missing, "The upstream skipped numbers at events.sequence"),
  watchdogStopped: {
    description: "The watchdog does not run, so streams that end are not restarted",
    metric: METRIC.watchdogRuns,
    statistic: "Sum",
    when: "below",
    threshold: 1,
    periodSeconds: 60,
    evaluationPeriods: 5,
    missingIsBreaching: true,
  },
  processorFailures: mustBeZero(
    "Sum",
    METRIC.processorFailures,
    "The processor could not handle events and stored them in the failure bucket",
  ),
  processorDiscarded: {
    ...mustBeZero(
      "Sum",
      "OnFailureDestinationDeliveredEventCount",
      "Lambda stored events in the failure bucket, because the processor crashed or timed out on every attempt",
    ),
    source: "mapping",
  },
  processorDropped: {
    ...mustBeZero(
      "Sum",
      "DroppedEventCount",
      "The processor did not handle events, and Lambda could not store them in the failure bucket",
    ),
    source: "mapping",
  },
  iteratorAge: {
    description: "The processor is an hour behind; records of the table's stream expire after 24 hours",
    source: "processor",
    metric: "IteratorAge",
    statistic: "Maximum",
    threshold: 3_600_000,
    periodSeconds: 300,
    evaluationPeriods: 1,
  },
  hopRate: {
    // A hop lasts about 14 minutes, so more than this many mean that hops end early.
    description: "The connection manager is invoked too often",
    metric: METRIC.hops,
    statistic: "Sum",
    threshold: 30,
    perStream: 1,
    periodSeconds: 300,
    evaluationPeriods: 2,
  },
};

/** `streamsDown` as `streams-down`: the last part of the alarm's name. */
export function alarmRole(name: AlarmName): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
