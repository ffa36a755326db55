import { STREAM_ID_KEY, type StoredEvent, storedEvents } from "pulumi-stream-ingestion/internal";
import type { StackEvent } from "../local/stack-event";
import { type ChangeList, changeList } from "./change-list";
import { payloadOf } from "./payload";
import type { EventStep, EventView, Sampling } from "./protocol";
import { refOf } from "./stream-view";

export const MAX_EVENTS = 500;
/** New entries between two calls of `next`. Above the first number, only the first event of each stream is shown. */
const SHARED = 25;
const MOST = 50;

/** The latest events with their paths: all of them at a low rate, otherwise a sample with every stream in it. */
export interface EventPaths {
  readonly list: ChangeList<EventView>;
  add(event: StackEvent): void;
  sampling(): Sampling;
  /** Begins the next period of sampling. */
  next(): void;
}

export function eventPaths(): EventPaths {
  const list = changeList<EventView>(MAX_EVENTS);
  /** Streams with an entry in this period. */
  const streams = new Set<string>();
  let fresh = 0;
  let seen = 0;
  let notShown = 0;

  function isShown(stream: string): boolean {
    if (fresh >= MOST || (fresh >= SHARED && streams.has(stream))) return false;
    streams.add(stream);
    fresh += 1;
    return true;
  }

  function store(event: Extract<StackEvent, { kind: "stored" }>): void {
    const stream = refOf(event.instance, event.streamId);
    seen += event.events ?? 1;
    if (!isShown(stream)) {
      notShown += event.events ?? 1;
      return;
    }
    const [stored] = event.image === undefined ? [] : eventsOf(event.image);
    // Of a pack, the first event stands for all of them: they are stored and delivered together.
    notShown += (event.events ?? 1) - 1;
    const { type, id, sequence, data, receivedAt } = stored ?? {};
    const partition = (event.image?.[STREAM_ID_KEY] as { readonly S?: string } | undefined)?.S;
    list.put({
      id: `${stream}\n${event.key}`,
      stream,
      key: stored?.key ?? event.key,
      type,
      eventId: id,
      sequence,
      at: event.at,
      item: partition === undefined ? undefined : { partition, sort: event.key },
      payload: data === undefined ? undefined : payloadOf(data),
      path: [
        ...(receivedAt === undefined ? [] : [{ step: "received", at: receivedAt } as const]),
        { step: "stored", at: event.at, requestId: event.requestId },
      ],
    });
  }

  return {
    list,
    add(event) {
      if (event.kind === "stored") return store(event);
      const steps = stepsOf(event);
      if (steps.length === 0 || !("key" in event)) return;
      const stream = refOf(event.instance, event.streamId);
      const id = `${stream}\n${event.key}`;
      const entry = list.get(id);
      if (entry !== undefined) return list.put({ ...entry, path: [...entry.path, ...steps].slice(-MAX_STEPS) });
      // A failure is worth an entry, also when the event was not in the sample.
      if (event.kind !== "processed" && isShown(stream))
        list.put({ id, stream, key: event.key, at: event.at, path: steps });
    },
    sampling: () => ({ seen, notShown }),
    next() {
      streams.clear();
      fresh = 0;
    },
  };
}

/** Lambda can repeat a delivery for a day. */
const MAX_STEPS = 40;

function stepsOf(event: StackEvent): EventStep[] {
  const { at, requestId } = event;
  switch (event.kind) {
    case "processed":
    case "delivery-failed": {
      const ok = event.kind === "processed";
      const { deliveredAt } = event;
      return [
        ...(deliveredAt === undefined ? [] : [{ step: "delivered", at: deliveredAt, requestId } as const]),
        { step: "attempt", at, requestId, ok },
        ...(ok ? [{ step: "processed", at } as const] : []),
      ];
    }
    case "failure-stored":
      return [{ step: "failed", at, requestId }];
    case "lost":
      return [{ step: "lost", at }];
    default:
      return [];
  }
}

/** A corrupt item is shown by its key. */
function eventsOf(image: Readonly<Record<string, object>>): readonly StoredEvent[] {
  try {
    return storedEvents(image as Parameters<typeof storedEvents>[0]);
  } catch {
    return [];
  }
}
