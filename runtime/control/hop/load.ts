import type { Counters } from "../../contract";

/** What one hop carries beside other streams. */
export interface HopCapacity {
  readonly eventsPerSecond: number;
  readonly bytesPerSecond: number;
}

/** Two thirds of what was measured with 256 MB over TLS (docs/benchmarks.md). The relay runs on one core, which a function has from 1,769 MB. */
export function capacityOf(memoryMb: number): HopCapacity {
  const mb = Math.min(memoryMb, 1_769);
  return { eventsPerSecond: 8 * mb, bytesPerSecond: 16_384 * mb };
}

/** How fast a load is forgotten: by half from one report to the next. */
const DECAY = 0.5;

/** Measures the share of a hop that a stream uses, 0 to 1, with two decimals. A stream that was busy a moment ago counts as busy. */
export function loadMeter(capacity: HopCapacity, startedAt: number): (counters: Counters, now: number) => number {
  let at = startedAt;
  let received = 0;
  let bytes = 0;
  let load = 0;
  return (counters, now) => {
    const seconds = (now - at) / 1_000;
    if (seconds >= 1) {
      const events = (counters.received - received) / seconds / capacity.eventsPerSecond;
      const traffic = (counters.bytes - bytes) / seconds / capacity.bytesPerSecond;
      load = Math.min(1, Math.max(events, traffic, load * DECAY));
      [at, received, bytes] = [now, counters.received, counters.bytes];
    }
    return Math.round(load * 100) / 100;
  };
}
