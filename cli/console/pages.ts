import type { ServerResponse } from "node:http";
import type { ConsoleState } from "./console-state";
import type { ServerMessage } from "./protocol";

/** The open pages, which get the changes as server-sent events. */
export interface Pages {
  /** Sends a snapshot, then updates until the page disconnects. */
  add(response: ServerResponse): void;
  count(): number;
  close(): void;
}

interface Page {
  readonly response: ServerResponse;
  /** Since when its buffer is full. It gets no updates meanwhile, and then a snapshot. */
  behindSince?: number;
  sentAt: number;
}

const UPDATE_MS = 250;
const HEARTBEAT_MS = 10_000;
/** Bytes that wait for a page. */
const MAX_WAITING_BYTES = 1_000_000;
const MAX_BEHIND_MS = 15_000;

export interface PagesOptions {
  readonly now?: () => number;
  /** Calls `run` regularly until the returned function is called. */
  readonly every?: (ms: number, run: () => void) => () => void;
}

export function openPages(
  state: Pick<ConsoleState, "snapshot" | "update" | "tick">,
  { now = Date.now, every = interval }: PagesOptions = {},
): Pages {
  const pages = new Set<Page>();

  function write(page: Page, text: string): void {
    page.sentAt = now();
    page.response.write(text);
    if (page.response.writableLength > MAX_WAITING_BYTES) page.behindSince ??= now();
  }

  function flush(): void {
    const update = state.update();
    // Encoded once for all pages.
    const text = update && messageText(update);
    for (const page of pages) {
      const { response, behindSince, sentAt } = page;
      if (behindSince !== undefined) {
        if (response.writableLength === 0) {
          page.behindSince = undefined;
          write(page, messageText(state.snapshot()));
        } else if (now() - behindSince > MAX_BEHIND_MS) {
          pages.delete(page);
          response.destroy();
        }
      } else if (text !== undefined) write(page, text);
      else if (now() - sentAt >= HEARTBEAT_MS) write(page, ": idle\n\n");
    }
  }

  const stop = every(UPDATE_MS, () => {
    state.tick();
    flush();
  });

  return {
    add(response) {
      // The other pages get what the snapshot of this one contains already.
      flush();
      const page: Page = { response, sentAt: now() };
      pages.add(page);
      response.on("close", () => pages.delete(page));
      response.on("error", () => pages.delete(page));
      write(page, messageText(state.snapshot()));
    },
    count: () => pages.size,
    close() {
      stop();
      for (const { response } of pages) response.end();
      pages.clear();
    },
  };
}

function messageText(message: ServerMessage): string {
  return `data: ${JSON.stringify(message)}\n\n`;
}

export function interval(ms: number, run: () => void): () => void {
  const timer = setInterval(run, ms).unref();
  return () => clearInterval(timer);
}
