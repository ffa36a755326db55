import type { Tick } from "./market";

/** The format in which an upstream writes its events. */
export interface Framing {
  readonly contentType: string;
  event(tick: Tick): string;
  readonly heartbeat: string;
  /** Whether a client may resume with `Last-Event-ID`. */
  readonly resumable: boolean;
}

export const FRAMINGS = {
  ndjson: {
    contentType: "application/x-ndjson",
    event: ({ data }) => `${data}\n`,
    heartbeat: "\r\n",
    resumable: false,
  },
  sse: {
    contentType: "text/event-stream",
    event: ({ seq, data }) => `id: ${seq}\ndata: ${data}\n\n`,
    heartbeat: ": heartbeat\n\n",
    resumable: true,
  },
} as const satisfies Record<string, Framing>;
