/** A schedule that invokes a function. */
export interface ScheduleSpec {
  readonly name: string;
  /** `rate(1 minute)` */
  readonly expression: string;
  readonly enabled: boolean;
  readonly invoke: () => void;
}

/** EventBridge Scheduler with rate expressions. */
export interface Schedules {
  put(spec: ScheduleSpec): void;
  remove(name: string): void;
  close(): void;
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const MIN_INTERVAL_MS = 1_000;

/** @param timeScale factor on intervals: below 1 with `hopSeconds` */
export function createSchedules(timeScale: number): Schedules {
  const timers = new Map<string, readonly NodeJS.Timeout[]>();
  const remove = (name: string) => {
    for (const timer of timers.get(name) ?? []) clearInterval(timer);
    timers.delete(name);
  };
  return {
    put({ name, expression, enabled, invoke }) {
      remove(name);
      const interval = Math.max(MIN_INTERVAL_MS, rateMs(expression) * timeScale);
      // A rate without a start date starts at once (EventBridge Scheduler User Guide, schedule types).
      if (enabled) timers.set(name, [setTimeout(invoke, 0), setInterval(invoke, interval)]);
    },
    remove,
    close: () => [...timers.keys()].forEach(remove),
  };
}

function rateMs(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count === undefined || unit === undefined || Number(count) === 0) {
    throw new Error(
      `Expected a schedule like rate(5 minutes), got ${expression}: cron() and at() are not supported locally.`,
    );
  }
  return Number(count) * UNIT_MS[unit]!;
}
