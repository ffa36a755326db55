import { AwsError } from "./aws-error";
import type { LogStore } from "./log-store";
import { failAsJson, type Service } from "./service";

/** An alarm on a metric that functions write as EMF lines, or that a mapping counts. On other metrics of AWS it never rings here. */
export interface AlarmSpec {
  readonly name: string;
  readonly namespace?: string;
  readonly metricName?: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly statistic?: string;
  readonly comparisonOperator: string;
  readonly threshold?: number;
  readonly period?: number;
  readonly evaluationPeriods: number;
}

/** CloudWatch: alarms, looked at when somebody asks. */
export interface Alarms {
  put(alarm: AlarmSpec): void;
  remove(name: string): void;
  /** Whether it rings now. */
  rings(name: string): boolean;
  /** A value of a metric that AWS has itself. */
  count(own: OwnMetric): void;
  readonly service: Service;
}

export interface OwnMetric {
  readonly namespace: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly metric: string;
  readonly value: number;
}

interface Emf {
  readonly _aws?: { readonly CloudWatchMetrics?: readonly { readonly Namespace?: string }[] };
  readonly [name: string]: unknown;
}

const COMPARISONS: Readonly<Record<string, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};
const STATISTICS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  Maximum: (values) => Math.max(...values),
  Minimum: (values) => Math.min(...values),
  Sum: (values) => values.reduce((sum, value) => sum + value, 0),
  Average: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
};

export function createAlarms(logs: LogStore, place: { region: string; accountId: string }, now: () => number): Alarms {
  const alarms = new Map<string, AlarmSpec>();
  const arn = (name: string) => `arn:aws:cloudwatch:${place.region}:${place.accountId}:alarm:${name}`;

  function rings(name: string): boolean {
    const alarm = alarms.get(name);
    const statistic = STATISTICS[alarm?.statistic ?? ""];
    const breaches = COMPARISONS[alarm?.comparisonOperator ?? ""];
    if (alarm === undefined || statistic === undefined || breaches === undefined) return false;
    const periodMs = (alarm.period ?? 60) * 1_000;
    const periods = Array.from({ length: alarm.evaluationPeriods }, (_, back) => now() - (back + 1) * periodMs);
    return periods.every((from) => {
      // What was written in this very millisecond counts.
      const within = logs.lines(from).filter(({ at }) => at > from && at <= from + periodMs);
      const values = within.flatMap(({ text }) => valueIn(text, alarm));
      // Without data there is nothing to ring for: what `treatMissingData` "notBreaching" says.
      return values.length > 0 && breaches(statistic(values), alarm.threshold ?? 0);
    });
  }

  const service: Service = {
    open({ headers, body }) {
      const operation = headers["x-amz-target"]?.split(".")[1];
      if (operation !== "DescribeAlarms") {
        throw new AwsError("UnknownOperationException", 400, `The local alarms know DescribeAlarms, not ${operation}.`);
      }
      const { AlarmNames, StateValue } = JSON.parse(body.toString()) as { AlarmNames?: string[]; StateValue?: string };
      const asked = [...alarms.keys()].filter((name) => AlarmNames?.includes(name) ?? true);
      return {
        permissions: asked.map((name) => ({ action: "cloudwatch:DescribeAlarms", resource: arn(name) })),
        async run() {
          const MetricAlarms = asked
            .map((name) => ({ AlarmName: name, AlarmArn: arn(name), StateValue: rings(name) ? "ALARM" : "OK" }))
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
  return {
    put: (alarm) => void alarms.set(alarm.name, alarm),
    remove: (name) => void alarms.delete(name),
    rings,
    // Beside the functions' lines, in the same form: an alarm looks in one place.
    count: ({ namespace, dimensions, metric, value }) =>
      logs.add({
        group: namespace,
        at: now(),
        text: JSON.stringify({
          _aws: { CloudWatchMetrics: [{ Namespace: namespace }] },
          ...dimensions,
          [metric]: value,
        }),
      }),
    service,
  };
}

/** The alarm's metric in an EMF line of its namespace and dimensions. */
function valueIn(line: string, { namespace, metricName = "", dimensions = {} }: AlarmSpec): number[] {
  if (!line.includes("_aws") || !line.includes(metricName)) return [];
  try {
    const emf = JSON.parse(line) as Emf;
    const here = emf._aws?.CloudWatchMetrics?.some(({ Namespace }) => Namespace === namespace) === true;
    const same = Object.entries(dimensions).every(([name, value]) => emf[name] === value);
    const value = emf[metricName];
    return here && same && typeof value === "number" ? [value] : [];
  } catch {
    return [];
  }
}
