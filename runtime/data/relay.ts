import type { Dispatcher } from "undici";
import type { RelaySettings } from "../contract";
import type { Relay, RelayOptions, RelayOutcome, RelaySnapshot } from "../relay-port";
import type { Clock } from "../support/clock";
import { StreamError } from "../support/errors";
import type { Logger } from "../support/logger";
import { CheckpointTracker } from "./checkpoint-tracker";
import { runConnection } from "./connection";
import { type ConnectionEnd, failureOf, lastError } from "./connection-end";
import { Intake } from "./event-pipeline";
import type { EventStore, PutOversize } from "./event-store";
import { Agent } from "./http-client";
import { HEALTHY_MS, judgeStatus, mayMeanLostPosition, nextReconnect } from "./reconnect";
import { type ReadSecret, secretCache } from "./secret-cache";
import { sourceRequest } from "./source-request";
import { Writer } from "./writer";

export interface RelayDeps {
  readonly settings: RelaySettings;
  /** The source's secret as it is now. */
  readonly readSecret: () => Promise<ReadSecret>;
  readonly store: EventStore;
  readonly oversize: PutOversize;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** @default an agent of its own, destroyed when the run ends */
  readonly dispatcher?: Dispatcher;
}

/** A running Lambda does not sleep longer than this: it leaves the time of the next attempt on the row. */
const MAX_WAIT_MS = 60_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** The relay of one stream in one hop: connection after connection into one writer. */
export function createRelay(options: RelayOptions, deps: RelayDeps): Relay {
  const { clock, random, settings } = deps;
  const log = deps.log.with({ streamId: options.streamId });
  const stopReading = new AbortController();
  const giveUp = new AbortController();
  const ledger = new CheckpointTracker(options.checkpoint);
  const writer = new Writer({
    ...deps,
    log,
    signal: giveUp.signal,
    onSettled: ({ number }, stored) => {
      if (stored) intake.counts.stored++;
      else intake.counts.refused++;
      ledger.settle(number);
    },
  });
  const intake: Intake = new Intake(
    {
      ...options,
      ...deps,
      log,
      ledger,
      nonce: `${options.streamId}\n${clock.now()}\n${random()}\n${random()}\n`,
      add: (entry) => writer.add(entry),
    },
    options.checkpoint,
  );
  const state: {
    -readonly [Name in keyof Omit<RelaySnapshot, "checkpoint" | "counters" | "buffered">]: RelaySnapshot[Name];
  } = { attempt: options.attempt };
  const source = secretCache(deps.readSecret, clock, log);

  /** One attempt: a second request where the first was refused for its position or its outdated key. */
  async function attempt(dispatcher: Dispatcher, connection: number): Promise<ConnectionEnd> {
    try {
      const before = await source();
      let end = await connect(dispatcher, connection, before);
      if (end.kind === "refused" && end.status === 401) {
        const now = await source(0);
        if (now.version !== before.version) end = await connect(dispatcher, connection, now);
      }
      if (end.kind !== "refused" || !intake.position || !mayMeanLostPosition(end.status)) return end;
      if (end.status === 409 && options.singleAttempt()) return end;
      return await connectWithoutPosition(dispatcher, connection, end.status);
    } catch (cause) {
      if (cause instanceof StreamError && cause.code === "CONFIG_INVALID") return { kind: "failed", error: cause };
      const error = new StreamError(
        "SOURCE_NETWORK",
        `The source's secret cannot be read: ${(cause as Error).message}`,
        {
          retryable: true,
          cause,
        },
      );
      return { kind: "broken", error };
    }
  }

  async function connectWithoutPosition(
    dispatcher: Dispatcher,
    connection: number,
    refusedWith: number,
  ): Promise<ConnectionEnd> {
    const secret = await source();
    const lost = intake.position;
    intake.position = undefined;
    let opened = false;
    const end = await connect(dispatcher, connection, secret, () => {
      opened = true;
      intake.counts.resumeLost++;
      ledger.pass("");
      log.log("warn", `The source no longer knows the stored position (it answered ${refusedWith}): resumed from now`);
    });
    if (!opened && intake.position === undefined) intake.position = lost;
    return end;
  }

  function connect(
    dispatcher: Dispatcher,
    connection: number,
    { secret, version }: ReadSecret,
    onOpen: () => void = () => {},
  ): Promise<ConnectionEnd> {
    state.secretVersion = version;
    intake.begin(connection);
    const request = sourceRequest(secret, settings.source, options.streamId, intake.position);
    let begun = false;
    return runConnection(request, {
      settings,
      dispatcher,
      clock,
      intake,
      writer,
      signal: stopReading.signal,
      onOpen: () => {
        onOpen();
        state.connectedSince = clock.now();
        state.retryAt = undefined;
        options.onProgress({ kind: "open", at: clock.now() });
      },
      onBytes: () => {
        const at = clock.now();
        state.lastByteAt = at;
        if (!begun) {
          begun = true;
          state.firstByteAt ??= at;
          options.onProgress({ kind: "first-byte", at });
        }
        if (state.attempt > 0 && at - state.connectedSince! >= HEALTHY_MS) state.attempt = 0;
      },
    });
  }

  async function connections(dispatcher: Dispatcher): Promise<RelayOutcome> {
    for (let connection = 1; ; connection++) {
      if (stopReading.signal.aborted) return { kind: "stopped" };
      if (connection > 1) {
        if (!(await options.mayReconnect()) || stopReading.signal.aborted) return { kind: "stopped" };
        intake.counts.reconnects++;
      }
      const end = await attempt(dispatcher, connection);
      const opened = state.connectedSince;
      state.connectedSince = undefined;
      if (opened !== undefined) options.onProgress({ kind: "closed", at: clock.now() });
      if (stopReading.signal.aborted || end.kind === "stopped") return { kind: "stopped" };
      if (end.kind === "completed") return { kind: "completed" };
      if (opened !== undefined && clock.now() - opened >= HEALTHY_MS) state.attempt = 0;
      const error = lastError(end, clock.now());
      state.lastError = error;
      if (end.kind === "failed" || (end.kind === "refused" && judgeStatus(end.status) === "failed"))
        return { kind: "failed", error };
      if (end.kind === "refused" && options.singleAttempt() && [409, 420, 429].includes(end.status))
        return {
          kind: "refused",
          status: end.status,
          ...(end.retryAfterMs === undefined ? {} : { retryAt: clock.now() + end.retryAfterMs }),
        };
      const next = nextReconnect(
        { attempt: state.attempt, serverRetryMs: intake.serverRetryMs },
        failureOf(end, intake.counter > 0 && intake.serverRetryMs !== undefined),
        random,
      );
      state.attempt = next.attempt;
      const retryAt = Math.ceil(clock.now() + next.delayMs);
      log.log("info", "Connection over", {
        code: error.code,
        message: error.message,
        delayMs: Math.round(next.delayMs),
      });
      const tooFar = next.delayMs > MAX_WAIT_MS || retryAt >= options.stopReadingAt;
      if (tooFar || (options.singleAttempt() && opened === undefined))
        return { kind: "waiting", retryAt, attempt: next.attempt, error };
      state.retryAt = next.delayMs > 0 ? retryAt : undefined;
      if (next.delayMs > 0) await clock.sleep(next.delayMs, stopReading.signal);
    }
  }

  /** Waits until everything is settled or the time is over. */
  async function drain(): Promise<void> {
    writer.flush();
    while (!writer.idle && !giveUp.signal.aborted) await writer.changed();
    giveUp.abort();
    intake.counts.abandoned = ledger.unsettled;
  }

  return {
    async run() {
      const over = new AbortController();
      const stop = () => {
        stopReading.abort();
        writer.wake();
      };
      if (options.signal.aborted) stop();
      options.signal.addEventListener("abort", stop, { once: true });
      void clock.sleep(options.stopReadingAt - clock.now(), over.signal).then(stop);
      void clock.sleep(options.drainUntil - clock.now(), over.signal).then(() => {
        giveUp.abort();
        writer.wake();
      });
      const dispatcher = deps.dispatcher ?? new Agent({ allowH2: false, connect: { timeout: CONNECT_TIMEOUT_MS } });
      try {
        const outcome = await connections(dispatcher);
        await drain();
        return outcome;
      } finally {
        over.abort();
        giveUp.abort();
        options.signal.removeEventListener("abort", stop);
        if (!deps.dispatcher) await dispatcher.destroy();
      }
    },
    snapshot: () => ({
      ...state,
      // "" is a position taken back: none.
      checkpoint: ledger.checkpoint || undefined,
      counters: { ...intake.counts },
      buffered: ledger.unsettled,
    }),
  };
}
