import type { History, Sample } from "./protocol";

export const SAMPLE_MS = 5_000;
/** One hour. */
const KEPT = 720;

const NAMES = ["inPerSecond", "storedPerSecond", "processedPerSecond", "lagMs"] as const;

/** The samples of the last hour. `NaN` stands for a value that is not known. */
export interface SampleHistory {
  add(at: number, sample: Sample): void;
  read(id?: string): History;
  /** The latest rates of received events, at most `count`. */
  spark(count: number): number[];
}

export function sampleHistory(): SampleHistory {
  // Numbers in fixed arrays: 1,000 streams need 20 MB.
  const times = new Float64Array(KEPT);
  const values = Object.fromEntries(NAMES.map((name) => [name, new Float32Array(KEPT)])) as Record<
    (typeof NAMES)[number],
    Float32Array
  >;
  let added = 0;

  function ordered(list: Float32Array | Float64Array, count = KEPT): number[] {
    const length = Math.min(added, count, KEPT);
    return Array.from({ length }, (_, i) => list[(added - length + i) % KEPT]!);
  }
  const rounded = (list: Float32Array) => ordered(list).map(round);
  const known = (list: Float32Array) => rounded(list).map((value) => (Number.isNaN(value) ? null : value));

  return {
    add(at, sample) {
      times[added % KEPT] = at;
      for (const name of NAMES) values[name][added % KEPT] = sample[name] ?? Number.NaN;
      added += 1;
    },
    read: (id) => ({
      id,
      at: ordered(times),
      inPerSecond: rounded(values.inPerSecond),
      storedPerSecond: rounded(values.storedPerSecond),
      processedPerSecond: known(values.processedPerSecond),
      lagMs: known(values.lagMs),
    }),
    spark: (count) => ordered(values.inPerSecond, count).map(round),
  };
}

/** Two digits after the point are enough for a page. */
export function round(value: number): number {
  return Math.round(value * 100) / 100;
}

/** The samples of several streams together: rates are added, the longest lag counts. */
export function sumSamples(samples: readonly Sample[]): Sample {
  const sum = (name: "inPerSecond" | "storedPerSecond" | "processedPerSecond") =>
    round(samples.reduce((total, sample) => total + (sample[name] ?? 0), 0));
  const lags = samples.flatMap(({ lagMs }) => lagMs ?? []);
  const isProcessedKnown = samples.some(({ processedPerSecond }) => processedPerSecond !== undefined);
  return {
    inPerSecond: sum("inPerSecond"),
    storedPerSecond: sum("storedPerSecond"),
    ...(isProcessedKnown && { processedPerSecond: sum("processedPerSecond") }),
    ...(lags.length > 0 && { lagMs: lags.reduce((longest, lag) => Math.max(longest, lag), 0) }),
  };
}
