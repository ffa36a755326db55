import { setTimeout as sleep } from "node:timers/promises";
import { explained } from "../aws-error";
import type { ConsoleState } from "./console-state";

export interface PollOptions {
  readonly ms: number;
  readonly signal: AbortSignal;
  /** Whether a run is needed now. @default always */
  readonly isNeeded?: () => boolean;
  /** Aborts to end the present wait. Each wait gets a new signal. */
  readonly wake?: () => AbortSignal;
  /** What the run reads, for the notice of a failed one: "the failures of prices". */
  readonly what: string;
  readonly state: Pick<ConsoleState, "notice">;
}

const MAX_BACKOFF_MS = 60_000;
/** Until it looks again whether a run is needed: a page that opens shows data soon. */
const IDLE_MS = 250;

/** Runs `read` regularly. A failed run becomes a notice, and the next ones wait longer. The others are not affected. Its notice ends with it. */
export async function poll(read: () => Promise<void>, options: PollOptions): Promise<void> {
  const { ms, signal, isNeeded = () => true, wake, what, state } = options;
  const wait = (time: number) => {
    const until = wake === undefined ? signal : AbortSignal.any([signal, wake()]);
    return sleep(time, undefined, { signal: until }).catch(() => {});
  };
  let waitMs = ms;
  while (!signal.aborted) {
    if (!isNeeded()) {
      await wait(IDLE_MS);
      continue;
    }
    try {
      await read();
      if (signal.aborted) break;
      waitMs = ms;
      state.notice(what);
    } catch (error) {
      if (signal.aborted) break;
      waitMs = Math.min(waitMs * 2, MAX_BACKOFF_MS);
      state.notice(what, noticeText(error as Error), what);
    }
    await wait(waitMs);
  }
  state.notice(what);
}

/** The rest of a sentence that begins with what cannot be read. */
export function noticeText(error: Error): string {
  const { name, message } = explained(error);
  const isDenied = /AccessDenied|Forbidden|FORBIDDEN/.test(`${name} ${message}`);
  const action = /perform: (\S+)/.exec(message)?.[1];
  if (isDenied) return `cannot be read: your credentials do not allow ${action ?? "it"}.`;
  return `cannot be read: ${(message || name).split("\n")[0]}`;
}
