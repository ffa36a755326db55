import { ZERO_COUNTERS } from "../../runtime/contract";
import type { Relay, RelayOptions, RelayOutcome, RelaySnapshot } from "../../runtime/relay-port";
import type { Clock } from "../../runtime/support/clock";

export interface UpstreamBehaviour {
  /** Interval between events. */
  everyMs: number;
  /** Further connections get a 429. */
  maxConnections: number;
  /** A new connection closes the older ones. */
  newestOnly: boolean;
  /** The response headers are immediate; events follow after this delay. */
  subscribesAfterMs: number;
  /** The response headers are sent with the first event. */
  lateHead: boolean;
  /** Status of the next responses. Undefined: 200. */
  status?: number;
  retryAfterMs?: number;
  /** Time until an event is stored. */
  storesAfterMs: number;
  /** Time until a relay that has stopped reading has stored everything. */
  drainsForMs: number;
  /** No replay: a connection starts with the next event. */
  noReplay: boolean;
  /** Its requests do not name the stream. */
  sharedRequest: boolean;
}

export interface VirtualUpstream {
  readonly behaviour: UpstreamBehaviour;
  /** Number of the last event: 1, 2, 3 … */
  sent(): number;
  readonly stored: Map<number, number>;
  /** Numbers of partition keys that each event was stored with. */
  readonly slices: Map<number, Set<number>>;
  readonly mostConnections: () => number;
  readonly open: () => number;
  /** Ends all connections. */
  drop(): void;
  /** `life` aborts when the process ends. `own` is the process's clock. */
  createRelay(options: RelayOptions, life: AbortSignal, own: Clock): Relay;
}

interface Connection {
  next: number;
  readonly from: number;
  readonly ended: AbortController;
}

/** An endless numbered stream, and relays that read it: a minimal data plane that shows whether the control plane loses events. */
export function virtualUpstream(clock: Clock, overrides: Partial<UpstreamBehaviour> = {}): VirtualUpstream {
  const behaviour: UpstreamBehaviour = {
    everyMs: 1_000,
    maxConnections: Number.POSITIVE_INFINITY,
    newestOnly: false,
    subscribesAfterMs: 0,
    storesAfterMs: 0,
    drainsForMs: 0,
    noReplay: false,
    lateHead: false,
    sharedRequest: false,
    ...overrides,
  };
  const startedAt = clock.now();
  const stored = new Map<number, number>();
  const slices = new Map<number, Set<number>>();
  const connections = new Set<Connection>();
  let most = 0;
  const sent = () => Math.floor((clock.now() - startedAt) / behaviour.everyMs);

  const connect = (checkpoint: number | undefined): Connection | number => {
    if (behaviour.status !== undefined) return behaviour.status;
    if (connections.size >= behaviour.maxConnections) return 429;
    if (behaviour.newestOnly) for (const older of connections) older.ended.abort();
    const next = behaviour.noReplay || checkpoint === undefined ? sent() + 1 : checkpoint + 1;
    const connection = { next, from: clock.now() + behaviour.subscribesAfterMs, ended: new AbortController() };
    connections.add(connection);
    most = Math.max(most, connections.size);
    return connection;
  };

  const createRelay = (options: RelayOptions, life: AbortSignal, own: Clock): Relay => {
    let checkpoint = options.checkpoint;
    let received = 0;
    /** The last event, until the next one or the end: its write has no response yet. */
    let inFlight = 0;
    let connectedSince: number | undefined;
    let { openedAt, lateHead } = options.history;
    let firstByteAt: number | undefined;
    let lastByteAt: number | undefined;
    const stopped = () => options.signal.aborted || life.aborted || clock.now() >= options.stopReadingAt;

    const settle = async (n: number): Promise<void> => {
      if (behaviour.storesAfterMs > 0) await own.sleep(behaviour.storesAfterMs, life);
      if (life.aborted) return;
      const isFirst = checkpoint === undefined;
      checkpoint = String(n);
      if (isFirst) options.onProgress({ kind: "checkpoint", at: clock.now() });
    };

    const read = async (connection: Connection): Promise<void> => {
      const over = AbortSignal.any([options.signal, life, connection.ended.signal]);
      const sentAt = clock.now();
      options.onProgress({ kind: "sent", at: sentAt });
      const checkHead = () => {
        if (connectedSince === undefined && clock.now() - sentAt >= options.lateHeadMs) lateHead = true;
      };
      const open = () => {
        checkHead();
        connectedSince = clock.now();
        openedAt ??= connectedSince;
        options.onProgress({ kind: "open", at: connectedSince });
      };
      if (!behaviour.lateHead) open();
      for (let first = true; !over.aborted && !stopped(); ) {
        const due = Math.max(startedAt + connection.next * behaviour.everyMs, connection.from);
        if (behaviour.noReplay && connection.next <= sent() && clock.now() < connection.from)
          connection.next = sent() + 1;
        await own.sleep(Math.min(due, options.stopReadingAt) - clock.now(), over);
        if (over.aborted || stopped() || clock.now() < due) continue;
        stored.set(connection.next, (stored.get(connection.next) ?? 0) + 1);
        const counts = slices.get(connection.next) ?? new Set();
        slices.set(connection.next, counts.add(options.slices?.() ?? 0));
        void settle(connection.next++);
        received++;
        inFlight = 1;
        lastByteAt = clock.now();
        firstByteAt ??= lastByteAt;
        if (first && connectedSince === undefined) open();
        if (first) options.onProgress({ kind: "first-byte", at: lastByteAt });
        first = false;
      }
      connections.delete(connection);
      checkHead();
      connectedSince = undefined;
      if (!life.aborted) options.onProgress({ kind: "closed", at: clock.now() });
    };

    const run = async (): Promise<RelayOutcome> => {
      for (let first = true; !stopped(); first = false) {
        if (!first && !(await options.mayReconnect())) break;
        if (stopped()) break;
        const response = connect(checkpoint === undefined ? undefined : Number(checkpoint));
        if (typeof response !== "number") {
          await read(response);
          continue;
        }
        const error = { code: "SOURCE_STATUS", status: response, message: `${response}`, at: clock.now() };
        const retryAt = behaviour.retryAfterMs === undefined ? undefined : clock.now() + behaviour.retryAfterMs;
        if (response === 204) return { kind: "completed" };
        if (response === 429 && options.singleAttempt()) return { kind: "refused", status: 429, retryAt };
        if ([401, 403, 404, 410].includes(response)) return { kind: "failed", error };
        return { kind: "waiting", retryAt: retryAt ?? clock.now() + 61_000, attempt: options.attempt + 1, error };
      }
      return { kind: "stopped" };
    };

    return {
      run: () =>
        run().finally(async () => {
          if (behaviour.drainsForMs > 0) await own.sleep(behaviour.drainsForMs, life);
          inFlight = 0;
        }),
      snapshot: (): RelaySnapshot => ({
        checkpoint,
        counters: { ...ZERO_COUNTERS, received, stored: received - inFlight, inFlight },
        attempt: connectedSince !== undefined && clock.now() - connectedSince >= 60_000 ? 0 : options.attempt,
        connectedSince,
        firstByteAt,
        lastByteAt,
        secretVersion: "v1",
        history: { openedAt, lateHead },
        sharedRequest: behaviour.sharedRequest,
        health: {},
      }),
    };
  };

  return {
    behaviour,
    sent,
    stored,
    slices,
    mostConnections: () => most,
    open: () => connections.size,
    drop: () => {
      for (const connection of connections) connection.ended.abort();
    },
    createRelay,
  };
}
