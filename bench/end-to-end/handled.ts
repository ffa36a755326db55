/** What one batch's handler printed. */
export interface Handled {
  readonly at: number;
  readonly count: number;
  /** Sum of the events' numbers. */
  readonly sum: number;
  /** Latency in steps of {@link STEP_MS} → events. */
  readonly steps: ReadonlyMap<number, number>;
}

/** Steps of the latency, in ms: a handler counts its events in them. */
const STEP_MS = 5;

/** A processor that prints how many events it got, the sum of their numbers, and their latencies from the receipt in steps. */
export const processorCode = (module: string) => `import { eachBatch } from "${module}";
export const handler = eachBatch((events) => {
  const now = Date.now();
  const steps: Record<number, number> = {};
  let sum = 0;
  for (const event of events) {
    const step = Math.floor((now - event.receivedAt) / ${STEP_MS});
    steps[step] = (steps[step] ?? 0) + 1;
    sum += Number(/"sequence":(\\d+)/.exec(String(event.data))![1]);
  }
  console.log(JSON.stringify({ bench: events.length, sum, steps }));
});`;

/** A line of that processor's log. Undefined: it printed something else. */
export function handledOf(line: string, at: number): Handled | undefined {
  if (!line.includes('"bench":')) return undefined;
  const { bench, sum, steps } = JSON.parse(line.slice(line.indexOf("{"))) as {
    bench: number;
    sum: number;
    steps: Record<string, number>;
  };
  return { at, count: bench, sum, steps: new Map(Object.entries(steps).map(([step, times]) => [Number(step), times])) };
}

export const countOf = (handled: readonly Handled[]): number => handled.reduce((all, { count }) => all + count, 0);

/** Latency that this share of the events does not exceed, in ms. */
export function percentile(handled: readonly Handled[], share: number): number {
  const steps = new Map<number, number>();
  for (const one of handled) for (const [step, times] of one.steps) steps.set(step, (steps.get(step) ?? 0) + times);
  const total = countOf(handled);
  let passed = 0;
  for (const [step, times] of [...steps].sort(([a], [b]) => a - b)) {
    passed += times;
    if (passed >= total * share) return (step + 1) * STEP_MS;
  }
  return Number.NaN;
}
