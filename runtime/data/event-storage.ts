import type { RelayOptions } from "../relay-port";
import type { EventHistory } from "./event-history";
import { eventNames } from "./event-name";
import { type EventWriter, itemWriter } from "./event-writer";
import type { StreamMemory } from "./hop-memory";
import { packWriter } from "./pack-writer";
import { type ReadBackDeps, readBack } from "./read-back";
import { seamBuffer } from "./seam-buffer";
import type { Writer } from "./writer";

export interface EventStorageDeps extends Omit<ReadBackDeps, "history"> {
  /** Absent: nothing was stored before, or every write is idempotent. */
  readonly history?: EventHistory;
  readonly memory: StreamMemory;
  /** The predecessor stored this event. */
  readonly onKnown: (number: number) => void;
}

const DEFAULT_PACK = { bytes: 64 * 1024, lingerMs: 200 };

/** Stores events as the settings say, after what the predecessor stored is known. */
export function eventStorage(writer: Writer, options: RelayOptions, deps: EventStorageDeps): EventWriter {
  const { clock, history, memory, onKnown, random, settings, signal } = deps;
  const { streamId, generation } = options;
  const { ttlDays, slices, identity, storage, pack = DEFAULT_PACK } = settings.events;
  const ttlSeconds = ttlDays * 86_400;
  const packs = storage === "packed";
  const events = packs
    ? packWriter(
        writer,
        { clock, signal, memory },
        {
          streamId,
          generation,
          nonce: Math.floor(random() * 36 ** 8).toString(36),
          ttlSeconds,
          contentKeys: identity.kind === "content",
          packBytes: pack.bytes,
          lingerMs: pack.lingerMs,
        },
      )
    : itemWriter(writer, { ttlSeconds, slices: () => options.slices?.() ?? slices });
  if (!history || (!packs && options.predecessorStorage !== "packed")) return events;
  const nameOf = eventNames(settings);
  return seamBuffer(events, {
    readBack: (waiting) => readBack(options, waiting, { ...deps, history }),
    memory,
    nameOf: ({ key, id, receivedAt }) => ({ ...nameOf(key, id), at: receivedAt }),
    onKnown,
  });
}
