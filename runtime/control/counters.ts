import { type Counters, NO_COUNTS } from "../contract";

/** What was counted between two snapshots. */
export function countedSince(before: Counters, now: Counters): Counters {
  const names = Object.keys(NO_COUNTS) as (keyof Counters)[];
  return Object.fromEntries(names.map((name) => [name, now[name] - before[name]])) as unknown as Counters;
}
