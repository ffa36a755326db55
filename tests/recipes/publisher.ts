/** What a feed publishes at an interval, from its first subscriber on. */
export interface Publisher {
  /** Data of every event so far. */
  readonly published: readonly string[];
  /** Calls `onEvent` for each event from now on, until the returned function is called. */
  subscribe(onEvent: (data: string, n: number) => void): () => void;
  pause(): void;
  resume(): void;
}

const EVERY_MS = 25;

/** `data` makes the n-th event; n begins with 1. */
export function startPublisher(data: (n: number) => string, everyMs = EVERY_MS): Publisher {
  const published: string[] = [];
  const subscribers = new Set<(data: string, n: number) => void>();
  let timer: NodeJS.Timeout | undefined;
  const publish = () => {
    const n = published.push(data(published.length + 1));
    for (const subscriber of subscribers) subscriber(published[n - 1]!, n);
  };
  return {
    published,
    subscribe(onEvent) {
      if (published.length === 0) timer ??= setInterval(publish, everyMs).unref();
      subscribers.add(onEvent);
      return () => subscribers.delete(onEvent);
    },
    pause: () => clearInterval(timer),
    resume: () => {
      timer = setInterval(publish, everyMs).unref();
    },
  };
}
