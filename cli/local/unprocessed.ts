import { EVENT_KEY, STREAM_ID_KEY } from "pulumi-stream-ingestion/internal";
import type { CloudEvent } from "stream-ingestion-local";
import { eventsIn, type Owners } from "./stack-event";

export interface Unprocessed {
  add(event: CloudEvent): void;
  /** Events that are stored, and that wait for the processor or for another attempt of it. */
  count(): number;
}

/** Follows the events of a run from the table to the end of their delivery. Redrives and replays do not count. */
export function unprocessedEvents({
  eventTables,
  processors,
}: Pick<Required<Owners>, "eventTables" | "processors">): Unprocessed {
  /** By key, the number of events of each item: two instances can have an item with the same key. */
  const waiting = new Map<string, number[]>();
  let count = 0;
  const settle = (keys: Readonly<Record<string, string>>) => {
    const items = waiting.get(idOf(keys)) ?? [];
    count -= items.shift() ?? 0;
    if (items.length === 0) waiting.delete(idOf(keys));
  };
  return {
    add(event) {
      if (event.kind === "record") {
        if (event.eventName !== "INSERT" || !eventTables.has(event.table)) return;
        const events = eventsIn(event.image) ?? 1;
        waiting.set(idOf(event.keys), [...(waiting.get(idOf(event.keys)) ?? []), events]);
        count += events;
      } else if ((event.kind === "delivered" || event.kind === "discarded") && processors.has(event.functionName)) {
        const failed = event.kind === "delivered" ? new Set(event.failed) : new Set();
        for (const [index, { eventName, keys }] of event.records.entries())
          if (eventName === "INSERT" && !failed.has(index)) settle(keys);
      }
    },
    count: () => count,
  };
}

function idOf(keys: Readonly<Record<string, string>>): string {
  return `${keys[STREAM_ID_KEY]}\n${keys[EVENT_KEY]}`;
}
