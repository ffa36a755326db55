import type { EventWriter, NewEvent } from "./event-writer";
import type { StreamMemory } from "./hop-memory";
import type { Seam, SeamEvent } from "./seam";

export interface SeamBufferDeps {
  /** Resolves when this hop may store, with what its predecessor stored; to undefined when it never will. Does not reject. */
  readonly readBack: (waiting: WaitingEvents) => Promise<Seam | undefined>;
  readonly nameOf: (event: NewEvent) => SeamEvent;
  /** The predecessor stored this event. */
  readonly onKnown: (number: number) => void;
  readonly memory: Pick<StreamMemory, "addQueued">;
}

/** The events that wait for the seam. */
export interface WaitingEvents {
  /** Resolves when there is one. */
  readonly first: Promise<void>;
  readonly all: () => readonly NewEvent[];
}

interface Waiting {
  readonly event: NewEvent;
  readonly number: number;
  readonly name: SeamEvent;
}

/** Memory of the events that wait for the seam. When the buffer is full, the reader pauses. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Memory of an event and its name without their texts. */
const EVENT_BYTES = 300;

/**
 * Holds the events of a new hop until its predecessor stores no more, then drops those that the predecessor stored and passes
 * the others on. Until all of the predecessor's events are matched, each chunk is matched as a whole.
 */
export function seamBuffer(writer: EventWriter, { readBack, nameOf, onKnown, memory }: SeamBufferDeps): EventWriter {
  let waiting: Waiting[] = [];
  let bytes = 0;
  let arrived = () => {};
  const first = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  let state: Seam | "pending" | "never" | "over" = "pending";

  const release = () => {
    memory.addQueued(-bytes);
    waiting = [];
    bytes = 0;
  };

  const pass = () => {
    if (typeof state === "string") return;
    const names = waiting.map(({ name }) => name);
    for (const [index, { event, number, name }] of waiting.entries()) {
      if (!state.isOver && state.isStored(name, names.slice(index + 1, index + 1 + 8))) onKnown(number);
      else writer.add(event, number);
    }
    release();
    if (state.isOver) state = "over";
  };

  const all = () => waiting.map(({ event }) => event);
  void readBack({ first, all }).then((resolved) => {
    state = resolved ?? "never";
    if (resolved === undefined) release();
    pass();
    writer.flush();
    writer.wake();
  });

  return {
    add: (event, number) => {
      if (state === "over") return writer.add(event, number);
      if (state === "never") return;
      // Bytes are a view of the chunk, which the next chunk overwrites.
      const kept = typeof event.data === "string" ? event : { ...event, data: Buffer.from(event.data) };
      waiting.push({ event: kept, number, name: nameOf(kept) });
      const size = event.dataBytes + event.key.length + event.id.length + EVENT_BYTES;
      bytes += size;
      memory.addQueued(size);
      arrived();
    },
    flush: () => {
      pass();
      writer.flush();
    },
    finish: () => {
      pass();
      writer.finish();
    },
    get full() {
      return bytes >= MAX_BYTES || writer.full;
    },
    get idle() {
      return waiting.length === 0 && writer.idle;
    },
    changed: () => writer.changed(),
    wake: () => writer.wake(),
  };
}
