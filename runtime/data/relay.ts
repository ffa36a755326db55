import type { Dispatcher } from "undici";
import { type LastError, namesStream, type RelaySettings } from "../contract";
import type { Relay, RelayOptions, RelayOutcome, RelaySnapshot, Storing } from "../relay-port";
import type { Clock } from "../support/clock";
import { StreamError } from "../support/errors";
import type { Logger } from "../support/logger";
import { CheckpointTracker } from "./checkpoint-tracker";
import { runConnection } from "./connection";
import { closedByUs, failureOf, lastError } from "./connection-end";
import type { EventHistory } from "./event-history";
import { EventPipeline } from "./event-pipeline";
import { eventStorage } from "./event-storage";
import type { EventStore, PutOversize } from "./event-store";
import { fencedStore } from "./fenced-store";
import type { HopMemory } from "./hop-memory";
import { noEventsError } from "./no-events-error";
import { ReadHealth } from "./read-health";
import { HEALTHY_MS, nextReconnect } from "./reconnect";
import type { TokenCache } from "./source/oauth2";
import { type ConnectionEnd, decideOutcome, mayMeanLostPosition, opened } from "./source/outcome";
import type { Source } from "./source/port";
import { type ReadSecret, secretCache } from "./source/secret-cache";
import type { AwsIdentity } from "./source/signed-request";
import { sourceOf } from "./source/transport";
import { WriteHealth } from "./write-health";
import { Writer } from "./writer";

export interface RelayDeps {
  readonly settings: RelaySettings;
  /** Reads the current version of the source's secret. */
  readonly readSecret: () => Promise<ReadSecret>;
  readonly store: EventStore;
  readonly oversize: PutOversize;
  /** Absent: nothing was stored before, or every write is idempotent. */
  readonly history?: EventHistory;
  readonly clock: Clock;
  /** 0 ≤ x < 1. */
  readonly random: () => number;
  readonly log: Logger;
  /** Shared by the streams of a hop. */
  readonly memory: HopMemory;
  /** Access tokens, shared by the streams of a hop. */
  readonly tokens: TokenCache;
  /** Signs the requests of `auth.kind` aws-sigv4. */
  readonly aws: AwsIdentity;
  /** @default the one that the secret defines, destroyed when the run ends */
  readonly dispatcher?: Dispatcher;
}

/** Longest wait inside an invocation. For a longer one, the relay ends the run and returns the time of the next attempt. */
const MAX_WAIT_MS = 60_000;

/** Items that wait to be stored, in bytes. A megabyte of packs has some 25,000 events. */
const MAX_WAITING_BYTES = { each: 8 * 1024 * 1024, packed: 1024 * 1024 };

/** Share of a hop in which the bucket can accept an object. An object that is refused must not stop the checkpoint for longer. */
const OBJECT_RETRY_SHARE = 0.25;

/** The table or the bucket does not accept a write, which the relay retries. */
function writeError(error: unknown, at: number): LastError {
  const { code = "STORE_UNAVAILABLE", message } = error as Partial<StreamError> & Error;
  return { code, message: `Events are not stored, and the relay retries. ${message}`, at };
}

/** The relay of one stream in one hop: it opens connections one after another and sends their events to one writer. */
export function createRelay(options: RelayOptions, deps: RelayDeps): Relay {
  const { clock, random, settings } = deps;
  const { storing } = options;
  const packs = settings.events.storage === "packed";
  const log = deps.log.with({ streamId: options.streamId });
  const stopReading = new AbortController();
  const giveUp = new AbortController();
  const tracker = new CheckpointTracker(
    options.checkpoint,
    () => options.onProgress({ kind: "checkpoint", at: clock.now() }),
    options.checkpointSequence,
  );
  const health = new WriteHealth(clock, options.health);
  const reading = new ReadHealth(clock, options.health);
  const memory = deps.memory.stream();
  const writer = new Writer({
    ...deps,
    memory,
    maxBytes: MAX_WAITING_BYTES[packs ? "packed" : "each"],
    store: packs && storing ? fencedStore(deps.store, storing, clock) : deps.store,
    log,
    signal: giveUp.signal,
    objectRetryMs: (options.drainUntil - clock.now()) * OBJECT_RETRY_SHARE,
    onSettled: ({ number, numbers = [number], item: { key } }, refused) => {
      if (drained) return;
      if (refused) {
        pipeline.counts.refused += numbers.length;
        state.lastError = {
          code: refused.code,
          message: `Event ${key} was refused and is not stored. ${refused.message}`,
          at: clock.now(),
        };
      } else pipeline.counts.stored += numbers.length;
      for (const one of numbers) tracker.settle(one);
      health.settled(tracker.unsettled > 0);
    },
    onThrottled: () => {
      pipeline.counts.throttled++;
      if (health.throttled())
        log.log(
          "warn",
          "The event table throttles writes. The relay retries them, and reads no faster than the table accepts.",
        );
    },
    onError: (error) => {
      state.lastError = writeError(error, clock.now());
    },
  });
  const pipeline: EventPipeline = new EventPipeline(
    {
      ...options,
      ...deps,
      log,
      tracker,
      recentKeys: deps.memory.recentKeys,
      // Under a claim the predecessor still reads: its last number is not known here.
      lastNumber: options.singleAttempt() ? undefined : options.history.lastNumber,
      nonce: `${options.streamId}\n${clock.now()}\n${random()}\n${random()}\n`,
      add: (event, number) => {
        health.waiting();
        sink.add(event, number);
      },
    },
    options.checkpoint,
  );
  const state: {
    -readonly [Name in keyof Omit<RelaySnapshot, "checkpoint" | "counters" | "health">]: RelaySnapshot[Name];
  } = { attempt: options.attempt, history: options.history };
  const sink = eventStorage(writer, options, {
    ...deps,
    memory,
    log,
    signal: giveUp.signal,
    onKnown: (number) => {
      if (drained) return;
      pipeline.counts.suppressed++;
      tracker.settle(number);
      health.settled(tracker.unsettled > 0);
    },
  });
  const currentSecret = secretCache(deps.readSecret, clock, log);
  /** The source said in an event that the credential is no longer valid. */
  let credentialLost = false;
  /** Nothing is settled any more: what is left is abandoned. */
  let drained = false;
  /** Connections so far. Each has its number, since a source may refuse one that was open. */
  let connection = 0;
  /** When this side closed the last connection, in this hop or the one before. */
  let closedAt = options.predecessorClosedAt;
  const startedAt = clock.now();

  /** One attempt. Sends a second request if the source refused the position or an outdated key. */
  async function attempt(source: Source): Promise<ConnectionEnd> {
    try {
      const before = await currentSecret(credentialLost ? 0 : undefined);
      if (credentialLost) source.discardCredential();
      credentialLost = false;
      let end = await connect(source, before);
      if (end.kind === "refused" && end.status === 401) {
        const now = await currentSecret(0);
        if (source.discardCredential() || now.version !== before.version) end = await connect(source, now);
      }
      if (end.kind !== "refused" || !pipeline.position || !mayMeanLostPosition(end.status)) return end;
      if (end.status === 409 && options.singleAttempt()) return end;
      return await connectWithoutPosition(source, end.status);
    } catch (cause) {
      if (cause instanceof StreamError && cause.code === "CONFIG_INVALID") return { kind: "unusable", error: cause };
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

  async function connectWithoutPosition(source: Source, refusedWith: number): Promise<ConnectionEnd> {
    const secret = await currentSecret();
    const lost = pipeline.position;
    pipeline.position = undefined;
    let isOpen = false;
    const end = await connect(source, secret, () => {
      isOpen = true;
      pipeline.counts.resumeLost++;
      tracker.addSettled("");
      log.log(
        "warn",
        `The source refused the stored position with status ${refusedWith}. The stream resumed from now.`,
      );
    });
    if (!isOpen && pipeline.position === undefined) pipeline.position = lost;
    return end;
  }

  /** What a control event changes for the next connection. */
  function applyControl(end: Extract<ConnectionEnd, { kind: "control" }>): void {
    if (end.action === "refresh-credential") credentialLost = true;
    if (end.action !== "lose-position" || pipeline.position === undefined) return;
    pipeline.position = undefined;
    pipeline.counts.resumeLost++;
    tracker.addSettled("");
    log.log("warn", "The source no longer knows the stored position. The stream resumes from now.", {
      error: end.error,
    });
  }

  async function connect(
    source: Source,
    { secret, version }: ReadSecret,
    onOpen: () => void = () => {},
  ): Promise<ConnectionEnd> {
    state.secretVersion = version;
    state.sharedRequest = !namesStream(secret);
    pipeline.begin(++connection);
    const compressed = settings.source.compression === true && state.history.uncompressed !== true;
    let firstByteSeen = false;
    let sentAt: number | undefined;
    /** Also called when no head arrived at all. */
    const checkHead = () => {
      if (sentAt !== undefined && clock.now() - sentAt >= options.lateHeadMs)
        state.history = { ...state.history, lateHead: true };
      sentAt = undefined;
    };
    const onSent = () => {
      sentAt = clock.now();
      options.onProgress({ kind: "sent", at: sentAt });
    };
    const end = await runConnection(
      { secret, position: pipeline.position, compressed, onSent },
      {
        source,
        settings,
        clock,
        pipeline,
        writer: sink,
        memory,
        signal: stopReading.signal,
        onOpen: () => {
          onOpen();
          state.connectedSince = clock.now();
          state.history = opened(state.history, clock.now());
          checkHead();
          state.retryAt = undefined;
          options.onProgress({ kind: "open", at: clock.now() });
        },
        onBytes: () => {
          const at = clock.now();
          state.lastByteAt = at;
          if (!firstByteSeen) {
            firstByteSeen = true;
            state.firstByteAt ??= at;
            options.onProgress({ kind: "first-byte", at });
          }
          if (state.attempt > 0 && at - state.connectedSince! >= HEALTHY_MS) state.attempt = 0;
        },
        onDecoded: (events, unread, redact) => {
          if (!reading.chunk(events, unread !== undefined)) return;
          const { code, message } = noEventsError(unread!, settings.source.format, redact);
          state.lastError = { code, message, at: clock.now() };
          log.log("warn", message, { code });
        },
      },
    );
    if (end.kind !== "refused") checkHead();
    if (compressed && !firstByteSeen && end.kind === "broken" && end.error.code === "SOURCE_IDLE") {
      state.history = { ...state.history, uncompressed: true };
      log.log("warn", "A compressed connection delivered nothing. The stream continues without compression.");
    }
    return end;
  }

  async function connections(source: Source): Promise<RelayOutcome> {
    for (let isFirst = true; ; isFirst = false) {
      if (stopReading.signal.aborted) return { kind: "stopped" };
      if (!isFirst) {
        if (!(await options.mayReconnect()) || stopReading.signal.aborted) return { kind: "stopped" };
        pipeline.counts.reconnects++;
      }
      const before = state.history;
      const end = await attempt(source);
      const openMs = state.connectedSince === undefined ? undefined : clock.now() - state.connectedSince;
      state.connectedSince = undefined;
      if (openMs !== undefined) {
        options.onProgress({ kind: "closed", at: clock.now() });
        closedAt = closedByUs(end) ? clock.now() : undefined;
      }
      if (stopReading.signal.aborted) {
        state.lastError ??= silence(openMs !== undefined);
        return { kind: "stopped" };
      }
      // A 200 whose body has the wrong format is not an open stream, and neither is a WebSocket that is closed at once with a refusal.
      const isRefusal = end.kind === "not-a-stream" || (end.kind === "refused" && (openMs ?? 0) < HEALTHY_MS);
      const neverOpen = isRefusal && pipeline.newEvents === 0;
      const { outcome, history } = decideOutcome(end, neverOpen ? before : state.history, clock.now());
      state.history = history;
      if (outcome === "stopped" || outcome === "completed") return { kind: outcome };
      if (openMs !== undefined && openMs >= HEALTHY_MS) state.attempt = 0;
      if (end.kind === "control") applyControl(end);
      const error = lastError(end, clock.now());
      state.lastError = error;
      if (outcome === "failed") return { kind: "failed", error };
      if (end.kind === "refused" && options.singleAttempt() && [409, 420, 429].includes(end.status))
        return {
          kind: "refused",
          status: end.status,
          ...(end.retryAfterMs === undefined ? {} : { retryAt: clock.now() + end.retryAfterMs }),
        };
      const next = nextReconnect(
        { attempt: state.attempt, serverRetryMs: pipeline.serverRetryMs },
        failureOf(end, {
          newEvents: pipeline.newEvents > 0,
          page: pipeline.counter > 0 && pipeline.serverRetryMs !== undefined,
          openMs,
          closedMs: closedAt === undefined ? undefined : clock.now() - closedAt,
        }),
        random,
      );
      state.attempt = next.attempt;
      const retryAt = Math.ceil(clock.now() + next.delayMs);
      log.log("info", "Connection ended", {
        error: { code: error.code, message: error.message },
        delayMs: Math.round(next.delayMs),
      });
      const tooFar = next.delayMs > MAX_WAIT_MS || retryAt >= options.stopReadingAt;
      if (tooFar || (options.singleAttempt() && openMs === undefined))
        return { kind: "waiting", retryAt, attempt: next.attempt, error };
      state.retryAt = next.delayMs > 0 ? retryAt : undefined;
      if (next.delayMs > 0) await clock.sleep(next.delayMs, stopReading.signal);
    }
  }

  /** A source that stays silent for most of a hop that is shorter than the idle timeout would otherwise not be reported. */
  function silence(isOpen: boolean): LastError | undefined {
    const now = clock.now();
    if (pipeline.counts.bytes > 0 || now - startedAt < (options.stopReadingAt - startedAt) / 2) return undefined;
    const what = isOpen ? "a response head and no data" : "no response head";
    return { code: "SOURCE_IDLE", message: `The source sent ${what} in ${now - startedAt} ms.`, at: now };
  }

  /** Waits until every event is settled, or `drainUntil` or the lease of packs passes. */
  async function drain(): Promise<void> {
    sink.finish();
    const over = new AbortController();
    if (packs && storing) void untilLeaseEnds(storing, over.signal);
    while (!sink.idle && !giveUp.signal.aborted) await sink.changed();
    over.abort();
    giveUp.abort();
    pipeline.counts.abandoned = tracker.unsettled;
    drained = true;
  }

  async function untilLeaseEnds({ until, requestMs }: Storing, over: AbortSignal): Promise<void> {
    const end = () => until() + requestMs;
    while (!over.aborted && clock.now() < end()) await clock.sleep(Math.min(end() - clock.now(), MAX_WAIT_MS), over);
    if (over.aborted) return;
    giveUp.abort();
    writer.wake();
  }

  return {
    async run() {
      const over = new AbortController();
      const stop = () => {
        stopReading.abort();
        writer.wake();
        memory.wake();
      };
      if (options.signal.aborted) stop();
      options.signal.addEventListener("abort", stop, { once: true });
      void clock.sleep(options.stopReadingAt - clock.now(), over.signal).then(stop);
      void clock.sleep(options.drainUntil - clock.now(), over.signal).then(() => {
        giveUp.abort();
        writer.wake();
      });
      const source = sourceOf({ ...deps, streamId: options.streamId, log });
      try {
        const outcome = await connections(source);
        await drain();
        return outcome;
      } finally {
        over.abort();
        giveUp.abort();
        options.signal.removeEventListener("abort", stop);
        memory.close();
        await source.close();
      }
    },
    snapshot: () => ({
      ...state,
      // "" = the source refused the position: none.
      checkpoint: tracker.checkpoint || undefined,
      ...(packs && tracker.checkpoint && { checkpointSequence: tracker.checkpointSequence }),
      history: { ...state.history, lastNumber: pipeline.lastNumber },
      health: { ...health.snapshot(), ...reading.snapshot() },
      counters: { ...pipeline.counts, inFlight: drained ? 0 : tracker.unsettled },
    }),
  };
}
