/** The rate of a counter that is reported from time to time. */
export interface RateMeter {
  /** @param value the counter as last reported; it can be the same as before */
  observe(at: number, value: number): void;
  /** Per second. */
  rate(at: number): number;
}

/** A hop reports its counters every 10 seconds. Without a change for longer than two reports, nothing arrives. */
const SILENT_MS = 25_000;

export function rateMeter(): RateMeter {
  let changedAt: number | undefined;
  let last = 0;
  let perSecond = 0;
  return {
    observe(at, value) {
      if (changedAt === undefined) {
        changedAt = at;
        last = value;
      }
      if (value === last || at <= changedAt) return;
      // After a pause, the events of the report arrived since the report before it, not since the last change.
      perSecond = (Math.max(0, value - last) * 1_000) / Math.min(at - changedAt, SILENT_MS);
      changedAt = at;
      last = value;
    },
    rate: (at) => (changedAt === undefined || at - changedAt > SILENT_MS ? 0 : perSecond),
  };
}
