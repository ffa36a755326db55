import type { CloudEvent } from "stream-ingestion-local";

const PATIENCE_MS = 30_000;

/** The events of a local cloud, with a way to wait for them. */
export interface EventLog {
  readonly events: readonly CloudEvent[];
  readonly onEvent: (event: CloudEvent) => void;
  /** Resolves when `is` returns true. It is called after each event. */
  until(what: string, is: () => boolean | Promise<boolean>): Promise<void>;
}

export function eventLog(): EventLog {
  const events: CloudEvent[] = [];
  const watching = new Set<() => void>();
  return {
    events,
    onEvent: (event) => {
      events.push(event);
      for (const look of [...watching]) look();
    },
    until: (what, is) =>
      new Promise((found, failed) => {
        const end = (settle: () => void) => {
          clearTimeout(timer);
          watching.delete(look);
          settle();
        };
        const look = async () => {
          try {
            if (await is()) end(found);
          } catch (error) {
            end(() => failed(error));
          }
        };
        const timer = setTimeout(() => end(() => failed(new Error(`Waited in vain: ${what}`))), PATIENCE_MS);
        watching.add(look);
        void look();
      }),
  };
}
