import { type ConnectionRow, type StreamHistory, ZERO_COUNTERS } from "../../contract";
import type { Relay, RelayOutcome, RelaySnapshot } from "../../relay-port";
import type { HopInvocation, StreamDeps } from "./deps";
import type { Effect, HopEvent } from "./state";
import type { storageWindow } from "./storage-window";

/** Runs the relay of a stream: executes the effects of the state machine and puts events on its queue. */
export interface RelayRunner {
  perform(effect: Effect): void;
  setSingleAttempt(enabled: boolean): void;
  setStorageWindow(window: ReturnType<typeof storageWindow>): void;
  setSlices(slices: number): void;
  snapshot(): RelaySnapshot;
  /** Time the last connection ended. */
  closedAt(): number | undefined;
  /** Stops the relay if it still runs, and waits until it has ended. */
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
  let storesUntil = Number.POSITIVE_INFINITY;
  let mayStore: (owned: boolean) => void = () => {};
  const ready = new Promise<boolean>((resolve) => {
    mayStore = resolve;
  });
  let slices: number | undefined;
  let relay: Relay | undefined;
  let running: Promise<void> | undefined;

  const connect = ({ row, generation }: Extract<Effect, { do: "connect" }>) => {
    slices ??= row.slices;
    relay = createRelay({
      streamId,
      generation,
      checkpoint: row.checkpoint,
      checkpointSequence: row.checkpointSequence,
      // A hop that connects under a claim has read the row of its predecessor.
      predecessorStorage: row.generation === generation ? row.predecessorStorage : row.storage,
      slices: () => slices,
      storing: { ready, until: () => storesUntil, requestMs: frame.timing.requestMs },
      attempt: row.attempt,
      history: historyOf(row),
      lateHeadMs: frame.timing.subscribeGraceMs / 2,
      health: { unstoredSince: row.unstoredSince, throttledSince: row.throttledSince, mute: row.mute },
      predecessorClosedAt: row.disconnectedAt,
      signal: stopReading.signal,
      stopReadingAt: frame.deadlineAt - frame.timing.stopReadingMs,
      drainUntil: frame.deadlineAt - frame.timing.releaseMs,
      singleAttempt: () => singleAttempt,
      mayReconnect: () =>
        new Promise((resolve) => {
          reconnectRequests.push(resolve);
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
        logger.log("error", "The relay failed unexpectedly", { streamId, error });
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
    setSingleAttempt: (enabled) => {
      singleAttempt = enabled;
    },
    setStorageWindow: (window) => {
      if (window === "wait") return;
      if (window === "never") {
        storesUntil = 0;
        return mayStore(false);
      }
      storesUntil = window.until;
      if (clock.now() >= window.from) mayStore(true);
    },
    setSlices: (value) => {
      slices = value;
    },
    snapshot: () => relay?.snapshot() ?? { counters: ZERO_COUNTERS, attempt: 0, history: {}, health: {} },
    closedAt: () => closedAt,
    end: async () => {
      stopReading.abort();
      mayStore(false);
      for (const resolve of reconnectRequests.splice(0)) resolve(false);
      await running;
    },
  };
}

function historyOf({ openedAt, refusal, uncompressed, lateHead, lastNumber }: ConnectionRow): StreamHistory {
  return { openedAt, refusal, uncompressed, lateHead, lastNumber };
}

/** A relay rejects only because of a bug. The stream then waits before the next attempt, as after a crash. */
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
