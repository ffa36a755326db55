import { type Counters, newEvents, ZERO_COUNTERS } from "pulumi-stream-ingestion/internal";

type CounterName = keyof Counters;

/** The parts of `received` that are not stored. */
const NOT_STORED = [
  "ignored",
  "suppressed",
  "repeated",
  "conflicting",
  "refused",
  "abandoned",
  "unknown",
  "inFlight",
] as const satisfies readonly CounterName[];
/** The parts of `stored` that were in the table already. */
const STORED_AGAIN = ["overlapCopies", "overwritten"] as const satisfies readonly CounterName[];
const EVENTS: ReadonlySet<CounterName> = new Set(["received", "stored", ...NOT_STORED, ...STORED_AGAIN]);
const OTHERS = (Object.keys(ZERO_COUNTERS) as CounterName[]).filter((name) => !EVENTS.has(name));

/** `62 (60 new, 2 overwritten)`, or the number alone when all are new. */
export function storedText(counters: Counters): string {
  const again = counted(counters, STORED_AGAIN);
  return again === "" ? String(counters.stored) : `${counters.stored} (${newEvents(counters)} new, ${again})`;
}

/** `3 repeated, 1 refused`, or `0`. */
export function notStoredText(counters: Counters): string {
  return counted(counters, NOT_STORED) || "0";
}

/** The counters that do not count events, or nothing when all are 0. */
export function otherCounters(counters: Counters): string | undefined {
  return counted(counters, OTHERS) || undefined;
}

function counted(counters: Counters, names: readonly CounterName[]): string {
  // A deployment of an older version does not send every counter.
  return names.flatMap((name) => (counters[name] ? [`${counters[name]} ${name}`] : [])).join(", ");
}
