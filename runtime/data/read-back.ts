import type { RelaySettings } from "../contract";
import type { RelayOptions } from "../relay-port";
import { backoffMs } from "../support/backoff";
import type { Clock } from "../support/clock";
import type { Logger } from "../support/logger";
import type { EventHistory } from "./event-history";
import { eventNames } from "./event-name";
import { partitionOf, type StoredEvent } from "./item";
import { MARGIN_MS, MAX_MARGIN_MS, Seam, type SeamEvent } from "./seam";
import type { WaitingEvents } from "./seam-buffer";
import { compareSequence } from "./sequence";

export interface ReadBackDeps {
  readonly settings: RelaySettings;
  readonly history: EventHistory;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Ends the retries. */
  readonly signal: AbortSignal;
}

/** Of a fast stream, at most this many events are read back (about 10 MB), unless the seam needs more. */
const ENOUGH_EVENTS = 50_000;
/** Length of a lease. After that, all events are stored, as after a crash without a memory. */
const RETRY_FOR_MS = 30_000;
/** After its first event, so long a new connection brings events that are looked up by their keys. */
const COLLECT_MS = 1_000;
const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 2_000;

/**
 * What earlier hops stored, read when they store no more. Packs are read back by time and position. Single events are looked up by
 * the keys of the first events that wait. Undefined: this hop never owned the lease.
 */
export async function readBack(
  { streamId, checkpointSequence, predecessorStorage = "each", slices, storing }: RelayOptions,
  waiting: WaitingEvents,
  { settings, history, clock, random, log, signal }: ReadBackDeps,
): Promise<Seam | undefined> {
  const began = clock.now();
  if (storing !== undefined && !(await storing.ready)) return undefined;
  const { identity } = settings.events;
  if (identity.kind === "arrival") return new Seam([]);
  const read = async (): Promise<Iterable<StoredEvent>> => {
    if (predecessorStorage === "packed")
      return history.packed(streamId, {
        since: began - 2 * MARGIN_MS,
        after: checkpointSequence,
        upTo: { since: began - MAX_MARGIN_MS, events: ENOUGH_EVENTS },
      });
    await waiting.first;
    await clock.sleep(COLLECT_MS, signal);
    const keys = [...new Set(waiting.all().map(({ key }) => key))];
    const events = await history.single(keys, (key) =>
      partitionOf(streamId, key, slices?.() ?? settings.events.slices),
    );
    return [...events].sort((a, b) => compareSequence(a.sequence, b.sequence));
  };
  const nameOf = eventNames(settings);
  const startedAt = clock.now();
  for (let attempt = 0; !signal.aborted; attempt++) {
    try {
      return new Seam(seamEvents(await read(), nameOf));
    } catch (error) {
      if (clock.now() - startedAt >= RETRY_FOR_MS) {
        const message = "Reading back what the previous hop stored failed. Some events may be stored twice.";
        log.log("error", message, { error });
        return new Seam([]);
      }
      if (attempt === 0)
        log.log("warn", "Reading back what the previous hop stored failed. The relay retries.", { error });
    }
    await clock.sleep(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS, random), signal);
  }
  return undefined;
}

function* seamEvents(
  events: Iterable<StoredEvent>,
  nameOf: ReturnType<typeof eventNames>,
): Generator<SeamEvent, undefined> {
  for (const { key, id = "", receivedAt } of events) yield { ...nameOf(key, id), at: receivedAt };
}
