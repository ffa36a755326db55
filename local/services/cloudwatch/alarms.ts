import type { LogStore } from "../logs/log-store";

/** An alarm on a metric in EMF lines of functions, or on a metric of a mapping. Alarms on other metrics are always OK here. */
export interface AlarmSpec {
  readonly name: string;
  readonly alarmDescription?: string;
  readonly namespace?: string;
  readonly metricName?: string;
  readonly dimensions?: Readonly<Record<string, string>>;
  readonly statistic?: string;
  readonly comparisonOperator: string;
  readonly threshold?: number;
  readonly period?: number;
  readonly evaluationPeriods: number;
  /** "breaching": a period without data breaches. Otherwise it does not. */
  readonly treatMissingData?: string;
}

export interface AlarmState {
  readonly name: string;
  readonly description?: string;
  readonly inAlarm: boolean;
  /** When its state was first seen to be this one. Epoch milliseconds. */
  readonly since: number;
}

/** CloudWatch's alarms, evaluated when their state is read. */
export interface Alarms {
  put(alarm: AlarmSpec): void;
  remove(name: string): void;
  names(): readonly string[];
  /** Its state now. Undefined: the alarm does not exist. */
  state(name: string): AlarmState | undefined;
  /** Records a value of a metric that AWS publishes. */
  count(metric: AwsMetric): void;
}

export interface AwsMetric {
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

export function createAlarms(logs: LogStore, now: () => number): Alarms {
  const alarms = new Map<string, AlarmSpec>();
  const states = new Map<string, AlarmState>();

  function isBreached(alarm: AlarmSpec): boolean {
    const statistic = STATISTICS[alarm.statistic ?? ""];
    const breaches = COMPARISONS[alarm.comparisonOperator];
    if (statistic === undefined || breaches === undefined) return false;
    const periodMs = (alarm.period ?? 60) * 1_000;
    const periods = Array.from({ length: alarm.evaluationPeriods }, (_, back) => now() - (back + 1) * periodMs);
    return periods.every((from) => {
      // Includes lines of the current millisecond.
      const within = logs.lines(from).filter(({ at }) => at > from && at <= from + periodMs);
      const values = within.flatMap(({ text }) => valueIn(text, alarm));
      if (values.length === 0) return alarm.treatMissingData === "breaching";
      return breaches(statistic(values), alarm.threshold ?? 0);
    });
  }

  function put(alarm: AlarmSpec): void {
    const { name, alarmDescription: description } = alarm;
    alarms.set(name, alarm);
    states.set(name, { inAlarm: false, since: now(), ...states.get(name), name, description });
  }

  function state(name: string): AlarmState | undefined {
    const alarm = alarms.get(name);
    const before = states.get(name);
    if (alarm === undefined || before === undefined) return undefined;
    const inAlarm = isBreached(alarm);
    if (inAlarm !== before.inAlarm) states.set(name, { ...before, inAlarm, since: now() });
    return states.get(name);
  }

  return {
    put,
    state,
    remove(name) {
      alarms.delete(name);
      states.delete(name);
    },
    names: () => [...alarms.keys()],
    // As an EMF line, because alarms read all metrics from the log store.
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
  };
}

/** The alarm's metric in an EMF line of its namespace and dimensions. */
function valueIn(line: string, { namespace, metricName = "", dimensions = {} }: AlarmSpec): number[] {
  if (!line.includes("_aws") || !line.includes(metricName)) return [];
  try {
    const emf = JSON.parse(line) as Emf;
    const sameNamespace = emf._aws?.CloudWatchMetrics?.some(({ Namespace }) => Namespace === namespace) === true;
    const sameDimensions = Object.entries(dimensions).every(([name, value]) => emf[name] === value);
    const value = emf[metricName];
    return sameNamespace && sameDimensions && typeof value === "number" ? [value] : [];
  } catch {
    return [];
  }
}
