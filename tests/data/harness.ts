import type { RelaySettings, SourceSecret } from "../../runtime/contract";
import type { EventStore } from "../../runtime/data/event-store";
import { HopMemory } from "../../runtime/data/hop-memory";
import type { EncodedItem, StoredEvent } from "../../runtime/data/item";
import { createRelay, type RelayDeps } from "../../runtime/data/relay";
import { tokenCache } from "../../runtime/data/source/oauth2";
import { storedEvents } from "../../runtime/data/stored-events";
import type { RelayOptions, RelayProgress } from "../../runtime/relay-port";
import type { LogFields, Logger } from "../../runtime/support/logger";
import { fakeClock } from "../fakes/fake-clock";

export interface LogLine {
  readonly level: string;
  readonly message: string;
  readonly fields: LogFields;
}

export function memoryLogger(lines: LogLine[] = []): Logger & { readonly lines: LogLine[] } {
  const logger: Logger & { readonly lines: LogLine[] } = {
    lines,
    log: (level, message, fields = {}) => {
      lines.push({ level, message, fields });
    },
    with: () => logger,
  };
  return logger;
}

/** A store that accepts and records every item. */
function memoryStore(): EventStore & { readonly events: StoredEvent[]; readonly batches: number[] } {
  const events: StoredEvent[] = [];
  const batches: number[] = [];
  return {
    events,
    batches,
    write: async (items: readonly EncodedItem[]) => {
      batches.push(items.length);
      for (const item of items) events.push(...storedEvents(JSON.parse(item.json)));
      return [];
    },
  };
}

export interface Settings {
  readonly source?: Partial<RelaySettings["source"]>;
  readonly events?: Partial<RelaySettings["events"]>;
}

export function relaySettings({ source, events }: Settings = {}): RelaySettings {
  return {
    v: 1,
    source: {
      format: "auto",
      auth: { kind: "bearer" },
      resume: { kind: "last-event-id" },
      idleTimeoutMs: 3_600_000,
      on: [],
      end: "reconnect",
      webSocket: { subprotocols: [], compression: false, ping: { intervalMs: 0 } },
      ...source,
    },
    relay: { handover: "auto", streamsPerHop: 1 },
    events: { identity: { kind: "content" }, ttlDays: 7, maxEventBytes: 1 << 20, slices: 1, ...events },
  };
}

export interface Setup extends Settings {
  readonly secret?: Partial<SourceSecret>;
  readonly options?: Partial<RelayOptions>;
  readonly deps?: Partial<RelayDeps>;
}

/** The longest pause between two attempts. The relay's own timers (idle, deadlines) are longer and wait for the test. */
export const RETRY_MS = 60_000;
/** When the clock of {@link setUp} starts. */
export const START = 1_800_000_000_000;

/** A relay on a source, with a fake clock and a memory store. `stop` aborts its signal. */
export function setUp(source: { readonly url: string }, setup: Setup = {}) {
  const clock = fakeClock({ startAt: START, autoMs: RETRY_MS });
  const store = memoryStore();
  const log = memoryLogger();
  const progress: RelayProgress[] = [];
  const abort = new AbortController();
  const secret: SourceSecret = { url: source.url, path: "/stream/{streamId}", key: "sesame-open", ...setup.secret };
  const relay = createRelay(
    {
      streamId: "a:b",
      generation: 3,
      attempt: 0,
      history: {},
      lateHeadMs: 5_000,
      health: {},
      signal: abort.signal,
      stopReadingAt: clock.now() + 86_400_000 * 2,
      drainUntil: clock.now() + 86_400_000 * 3,
      singleAttempt: () => false,
      mayReconnect: async () => true,
      onProgress: (one) => progress.push(one),
      ...setup.options,
    },
    {
      settings: relaySettings(setup),
      readSecret: async () => ({ secret, version: "v1" }),
      store,
      oversize: async () => {},
      clock,
      random: () => 0.5,
      log,
      memory: new HopMemory(256, 1, clock),
      tokens: tokenCache(clock),
      aws: {
        region: "eu-central-1",
        credentials: async () => ({ accessKeyId: "AKID", secretAccessKey: "hidden-key" }),
      },
      ...setup.deps,
    },
  );
  return { relay, clock, store, log, progress, stop: () => abort.abort() };
}

/** Waits until `condition` is true; the test's timeout limits the wait. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
