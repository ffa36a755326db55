import { setTimeout as sleep } from "node:timers/promises";
import type { ConsoleState } from "./console-state";

export interface PollOptions {
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Whether a run is needed now. @default always */
  readonly isNeeded?: () => boolean;
  /** What the run reads, for the notice of a failed one: "The failures of prices". */
  readonly what: string;
  readonly state: Pick<ConsoleState, "notice">;
}

const MAX_BACKOFF_MS = 60_000;

/** Runs `read` regularly. A failed run becomes a notice, and the next ones wait longer. The others are not affected. */
export async function poll(read: () => Promise<void>, options: PollOptions): Promise<void> {
  const { ms, signal, isNeeded = () => true, what, state } = options;
  let waitMs = ms;
  while (!signal.aborted) {
    if (isNeeded()) {
      try {
        await read();
        waitMs = ms;
        state.notice(what);
      } catch (error) {
        if (signal.aborted) return;
        waitMs = Math.min(waitMs * 2, MAX_BACKOFF_MS);
        state.notice(what, noticeText(what, error as Error));
      }
    }
    await sleep(waitMs, undefined, { signal }).catch(() => {});
  }
}

export function noticeText(what: string, { name, message }: Error): string {
  const isDenied = /AccessDenied|Forbidden|FORBIDDEN/.test(`${name} ${message}`);
  const action = /perform: (\S+)/.exec(message)?.[1];
  if (isDenied) return `${what} cannot be read: your credentials do not allow ${action ?? "it"}.`;
  return `${what} cannot be read: ${(message || name).split("\n")[0]}`;
}
