import { ZERO_COUNTERS } from "../../contract";
import type { Relay, RelayOutcome, RelaySnapshot } from "../../relay-port";
import type { HopInvocation, StreamDeps } from "./deps";
import type { Effect, HopEvent } from "./state";

/** The one relay of a stream in a hop: carries out the machine's effects and turns what happens into inputs. */
export interface RelayRunner {
  perform(effect: Effect): void;
  setSingleAttempt(yes: boolean): void;
  snapshot(): RelaySnapshot;
  /** When the last connection ended. */
  closedAt(): number | undefined;
  /** Nothing outlives the hop: stops the relay, if it runs still, and waits for it. */
  end(): Promise<void>;
}

export function relayRunner(
  streamId: string,
  frame: HopInvocation,
  { createRelay, clock, logger }: StreamDeps,
  put: (event: HopEvent) => void,
): RelayRunner {
  const stopReading = new AbortController();
  const reconnectRequests: ((allowed: boolean) => void)[] = [];
  let singleAttempt = false;
  let closedAt: number | undefined;
  let relay: Relay | undefined;
  let running: Promise<void> | undefined;

  const connect = ({ row, generation }: Extract<Effect, { do: "connect" }>) => {
    relay = createRelay({
      streamId,
      generation,
      checkpoint: row.checkpoint,
      attempt: row.attempt,
      signal: stopReading.signal,
      stopReadingAt: frame.deadlineAt - frame.timing.stopReadingMs,
      drainUntil: frame.deadlineAt - frame.timing.releaseMs,
      singleAttempt: () => singleAttempt,
      mayReconnect: () =>
        new Promise((answer) => {
          reconnectRequests.push(answer);
          put({ kind: "dropped" });
        }),
      onProgress: (progress) => {
        if (progress.kind === "closed") closedAt = progress.at;
        put({ kind: "progress", progress });
      },
    });
    running = relay.run().then(
      (outcome) => put({ kind: "ended", outcome }),
      (error) => {
        logger.log("error", "The relay failed in itself", { streamId, error });
        put({ kind: "ended", outcome: crashed(error, clock.now(), row.attempt) });
      },
    );
  };

  return {
    perform: (effect) => {
      if (effect.do === "connect") connect(effect);
      if (effect.do === "stop-reading") stopReading.abort();
      if (effect.do === "reconnect") reconnectRequests.shift()?.(effect.allowed);
    },
    setSingleAttempt: (yes) => {
      singleAttempt = yes;
    },
    snapshot: () => relay?.snapshot() ?? { counters: ZERO_COUNTERS, attempt: 0, buffered: 0 },
    closedAt: () => closedAt,
    end: async () => {
      stopReading.abort();
      for (const answer of reconnectRequests.splice(0)) answer(false);
      await running;
    },
  };
}

/** A relay that rejects is a bug of ours: the stream backs off like a stream that crashed. */
function crashed(error: unknown, now: number, attempt: number): RelayOutcome {
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: "waiting",
    retryAt: now + CRASH_RETRY_MS,
    attempt: attempt + 1,
    error: { code: "RELAY_CRASHED", message, at: now },
  };
}

const CRASH_RETRY_MS = 60_000;
