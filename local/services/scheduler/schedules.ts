/** A schedule that invokes a function. */
export interface ScheduleSpec {
  readonly name: string;
  /** `rate(1 minute)` */
  readonly expression: string;
  readonly enabled: boolean;
  readonly invoke: () => void;
}

/** EventBridge Scheduler, for rates. */
export interface Schedules {
  put(spec: ScheduleSpec): void;
  remove(name: string): void;
  close(): void;
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };
const SHORTEST_MS = 1_000;

/** @param timeScale share of real time: below 1 where hops are compressed */
export function createSchedules(timeScale: number): Schedules {
  const timers = new Map<string, readonly NodeJS.Timeout[]>();
  const remove = (name: string) => {
    for (const timer of timers.get(name) ?? []) clearInterval(timer);
    timers.delete(name);
  };
  return {
    put({ name, expression, enabled, invoke }) {
      remove(name);
      const interval = Math.max(SHORTEST_MS, rateMs(expression) * timeScale);
      // A rate without a start date begins at once (EventBridge Scheduler User Guide, schedule types).
      if (enabled) timers.set(name, [setTimeout(invoke, 0), setInterval(invoke, interval)]);
    },
    remove,
    close: () => [...timers.keys()].forEach(remove),
  };
}

function rateMs(expression: string): number {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(expression) ?? [];
  if (count === undefined || unit === undefined || Number(count) === 0) {
    throw new Error(`Expected a schedule like rate(5 minutes), got ${expression}: cron() and at() do not run locally.`);
  }
  return Number(count) * UNIT_MS[unit]!;
}
