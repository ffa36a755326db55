import type { Clock } from "../support/clock";
import type { EventWriter, NewEvent } from "./event-writer";
import type { StreamMemory } from "./hop-memory";
import { encodePack } from "./pack";
import type { Writer } from "./writer";

export interface PackSettings {
  readonly streamId: string;
  readonly generation: number;
  /** Makes the keys of this run's packs unique. */
  readonly nonce: string;
  readonly ttlSeconds: number;
  readonly contentKeys: boolean;
  /** A pack is closed before its events have more bytes than this. */
  readonly packBytes: number;
  /** A pack is closed this long after its first event. */
  readonly lingerMs: number;
}

export interface PackDeps {
  readonly clock: Clock;
  /** Ends the waits: nothing is stored any more. */
  readonly signal: AbortSignal;
  readonly memory: Pick<StreamMemory, "addQueued">;
}

/** Collects events into packs, and gives each pack to the writer as one item. A retried pack keeps its bytes. */
export function packWriter(writer: Writer, { clock, signal, memory }: PackDeps, settings: PackSettings): EventWriter {
  const { streamId, generation, nonce, ttlSeconds, contentKeys, packBytes, lingerMs } = settings;
  let events: NewEvent[] = [];
  let numbers: number[] = [];
  /** Bytes of the events before compression, which limits the item whatever they contain. */
  let bytes = 0;
  let cancel = new AbortController();

  const close = () => {
    const [first] = events;
    if (first === undefined) return;
    cancel.abort();
    const place = { streamId, generation, connection: first.connection, nonce, ttlSeconds, contentKeys };
    writer.add({ item: encodePack(events, place), number: numbers[0]!, numbers });
    memory.addQueued(-bytes);
    events = [];
    numbers = [];
    bytes = 0;
    writer.flush();
  };

  const linger = async () => {
    cancel = new AbortController();
    const ended = AbortSignal.any([signal, cancel.signal]);
    await clock.sleep(lingerMs, ended);
    if (!ended.aborted) close();
  };

  /** Data, and what the pack's header has of an event. */
  const sizeOf = ({ dataBytes, id, type, key }: NewEvent) => {
    const idBytes = id === "" || id === events.at(-1)?.id ? 0 : Buffer.byteLength(id);
    return dataBytes + idBytes + (type === "message" ? 0 : Buffer.byteLength(type)) + (contentKeys ? 0 : key.length);
  };

  return {
    add: (event, number) => {
      const isFirst = events.length === 0;
      const size = sizeOf(event);
      if (!isFirst && (event.connection !== events[0]!.connection || bytes + size > packBytes)) close();
      // Bytes are a view of the chunk, which the next chunk overwrites.
      events.push(typeof event.data === "string" ? event : { ...event, data: Buffer.from(event.data) });
      numbers.push(number);
      bytes += size;
      memory.addQueued(size);
      if (bytes >= packBytes) close();
      else if (events.length === 1) void linger();
    },
    flush: () => {},
    finish: close,
    get full() {
      return writer.full;
    },
    get idle() {
      return events.length === 0 && writer.idle;
    },
    changed: () => writer.changed(),
    wake: () => writer.wake(),
  };
}
