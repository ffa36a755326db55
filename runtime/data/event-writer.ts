import { type EventToStore, encodeItem } from "./item";
import type { Writer } from "./writer";

/** An event and its place. `sequence` is `generation.connection.counter`. */
export interface NewEvent extends EventToStore {
  readonly connection: number;
  readonly counter: number;
}

/** Where the pipeline puts events. Each is settled later, by its number in the checkpoint tracker. */
export interface EventWriter {
  add(event: NewEvent, number: number): void;
  /** The end of a chunk: send what needs not wait. */
  flush(): void;
  /** No event follows: send everything. */
  finish(): void;
  /** Whether the reader must pause. */
  readonly full: boolean;
  /** Whether every event is settled. */
  readonly idle: boolean;
  /** Resolves when that may have changed. */
  changed(): Promise<void>;
  /** Resolves all pending calls of {@link changed}. */
  wake(): void;
}

/** Stores each event as an item. */
export function itemWriter(
  writer: Writer,
  { ttlSeconds, slices }: { ttlSeconds: number; slices: () => number },
): EventWriter {
  return {
    add: (event, number) => writer.add({ item: encodeItem(event, ttlSeconds, slices()), number }),
    flush: () => writer.flush(),
    finish: () => writer.flush(),
    get full() {
      return writer.full;
    },
    get idle() {
      return writer.idle;
    },
    changed: () => writer.changed(),
    wake: () => writer.wake(),
  };
}
