import { METRIC_DIMENSION, METRIC_NAMESPACE } from "../contract";

export type MetricUnit = "Count" | "Milliseconds" | "Bytes";
export type MetricValues = Readonly<Record<string, number>>;

/** One log line in embedded metric format (EMF). One dimension only: CloudWatch bills each combination of values. */
export function emfLine(
  deployment: string,
  at: number,
  values: MetricValues,
  unitOf: (name: string) => MetricUnit,
): string {
  const metrics = Object.keys(values).map((name) => ({ Name: name, Unit: unitOf(name) }));
  return JSON.stringify({
    _aws: {
      Timestamp: at,
      CloudWatchMetrics: [{ Namespace: METRIC_NAMESPACE, Dimensions: [[METRIC_DIMENSION]], Metrics: metrics }],
    },
    [METRIC_DIMENSION]: deployment,
    ...values,
  });
}

/** Writes metrics to stdout, which Lambda sends to the log group. Writes nothing when `values` is empty. */
export type Metrics = (values: MetricValues) => void;

export function emfMetrics(
  deployment: string,
  write: (line: string) => void = (line) => process.stdout.write(`${line}\n`),
  now: () => number = Date.now,
): Metrics {
  return (values) => {
    if (Object.keys(values).length > 0) write(emfLine(deployment, now(), values, metricUnit));
  };
}

/** Derives the unit from the metric name. */
export function metricUnit(name: string): MetricUnit {
  if (/Gap$|Lag$|^Time/.test(name)) return "Milliseconds";
  return name.startsWith("Bytes") ? "Bytes" : "Count";
}
