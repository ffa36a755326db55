import { unaccounted } from "pulumi-stream-ingestion/internal";
import type { Summary } from "./reporter";

export interface Outcome extends Pick<Summary, "counters" | "totals" | "compared"> {
  /** Declared streams that no hop ever owned, as `instance/stream`. */
  readonly neverRan?: readonly string[];
  /** Processors whose code was never loaded: the instance, and the error. */
  readonly neverLoaded?: ReadonlyMap<string, string>;
}

/** What makes a run fail in every scenario, and why events were lost. Counted when the last event is delivered. */
export function problemsOf({ counters, totals, compared, neverRan = [], neverLoaded = new Map() }: Outcome): string[] {
  const problems = [
    ...neverRan.map((stream) => `The declared stream ${stream} never ran`),
    ...[...neverLoaded].map(([instance, error]) => `The processor of ${instance} was never loaded: ${error}`),
  ];
  const missing = unaccounted(counters);
  if (missing !== 0)
    problems.push(
      `${missing} ${missing === 1 ? "event is" : "events are"} not accounted for: please report this as a bug`,
    );
  const { failuresStored, failedDeliveries, hops, lateHops } = totals;
  if (totals.lost > 0)
    problems.push(
      `${totals.lost} events were discarded: the processor failed for each of its attempts, and no bucket has them`,
    );
  if (failuresStored > 0)
    problems.push(
      failuresStored === 1
        ? "1 event failed in the processor and was stored in the failure bucket"
        : `${failuresStored} events failed in the processor and were stored in the failure bucket`,
    );
  else if (failedDeliveries > 0) problems.push(`${failedDeliveries} deliveries to the processor failed`);
  if (compared?.sent === 0)
    problems.push("No event was sent, because no hop connected in time. Run it for longer (--seconds).");
  const lost = compared?.lost ?? 0;
  if (lost > 0) {
    const received = Math.min(lost, counters.abandoned + counters.unknown);
    problems.push(
      `At least ${lost - received} of the lost events were never received: no hop was connected when they were sent. ` +
        `At most ${received} were received and not stored (${counters.abandoned} abandoned, ${counters.unknown} unknown).`,
    );
  }
  if (lost > 0 && lateHops > 0)
    problems.push(
      `The machine did not keep up: ${lateHops} of ${hops} hops ended before a successor took over. ` +
        "Use longer hops (--hop-seconds 20), or stop other programs.",
    );
  return problems;
}
