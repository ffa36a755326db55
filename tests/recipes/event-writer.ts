import { setTimeout as sleep } from "node:timers/promises";

/** Writes events to a real server, one after another, until it is stopped. */
export interface EventWriter {
  /** Data of every event that the server accepted. */
  readonly written: readonly string[];
  /** Ends after the current write. Rejects with the error of the first write that failed. */
  stop(): Promise<void>;
}

const EVERY_MS = 25;

/** `write` sends the n-th event, from n = 1, and resolves to its data. */
export function startWriter(write: (n: number) => Promise<string>): EventWriter {
  const written: string[] = [];
  let stopped = false;
  const run = async () => {
    while (!stopped) {
      written.push(await write(written.length + 1));
      await sleep(EVERY_MS);
    }
  };
  const running = run();
  // The error is that of `stop`.
  running.catch(() => {});
  return {
    written,
    stop: async () => {
      stopped = true;
      await running;
    },
  };
}

/** `POST url` with a text, for servers that publish what they receive. */
export function postTo(url: string, key: string): (data: string) => Promise<string> {
  return async (data) => {
    const response = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${key}` }, body: data });
    if (!response.ok) throw new Error(`POST ${url} answered ${response.status}: ${await response.text()}`);
    return data;
  };
}
