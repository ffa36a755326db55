import type { StackEvent } from "./stack-event";

/** What one stream does now. */
export interface StreamActivity {
  /** New events a second since the last look. */
  readonly perSecond: number;
  /** Events that the processor handled a second since the last look. */
  readonly processedPerSecond: number;
  /** Longest time from an event's storage to its processing since the last look; longer while events wait. */
  readonly lagMs: number;
  /** Events of this run that failed. */
  readonly failed: number;
}

export interface ActivityCounter {
  add(event: StackEvent): void;
  /** The activity of a stream since the previous look at it. */
  look(instance: string | undefined, streamId: string): StreamActivity;
}

interface Counted {
  stored: number;
  processed: number;
  failed: number;
  lagMs: number;
  lookedAt: number;
  /** When the events that are not processed yet were stored, by key. */
  readonly waiting: Map<string, number>;
}

/** Bounds the memory when the processor is stopped: the oldest events, which determine the lag, are kept. */
const MAX_WAITING = 10_000;

/** Measures the streams from the events of the local stack. */
export function activityCounter(now: () => number): ActivityCounter {
  const streams = new Map<string, Counted>();

  function counted(instance: string | undefined, streamId: string): Counted {
    const id = `${instance}/${streamId}`;
    const found = streams.get(id) ?? {
      stored: 0,
      processed: 0,
      failed: 0,
      lagMs: 0,
      lookedAt: now(),
      waiting: new Map(),
    };
    streams.set(id, found);
    return found;
  }

  return {
    add(event) {
      if (!("key" in event)) return;
      const stream = counted(event.instance, event.streamId);
      const { waiting } = stream;
      if (event.kind === "stored") {
        stream.stored += event.events ?? 1;
        if (waiting.size < MAX_WAITING) waiting.set(event.key, event.at);
      } else if (event.kind === "processed" || event.kind === "failure-stored" || event.kind === "lost") {
        if (event.kind === "processed") stream.processed += event.events ?? 1;
        else stream.failed += event.events ?? 1;
        stream.lagMs = Math.max(stream.lagMs, event.at - (waiting.get(event.key) ?? event.at));
        waiting.delete(event.key);
      }
    },
    look(instance, streamId) {
      const stream = counted(instance, streamId);
      const at = now();
      const [oldest = at] = stream.waiting.values();
      const seconds = (at - stream.lookedAt) / 1_000;
      const activity = {
        perSecond: seconds > 0 ? stream.stored / seconds : 0,
        processedPerSecond: seconds > 0 ? stream.processed / seconds : 0,
        lagMs: Math.max(stream.lagMs, at - oldest),
        failed: stream.failed,
      };
      Object.assign(stream, { stored: 0, processed: 0, lagMs: 0, lookedAt: at });
      return activity;
    },
  };
}
