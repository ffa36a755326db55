import assert from "node:assert/strict";
import {
  type ConnectionRow,
  DECLARED_ROW,
  type HandoverMode,
  type HopPayload,
  unaccounted,
} from "../../runtime/contract";
import { runHop } from "../../runtime/control/hop/run-hop";
import type { ExitReason } from "../../runtime/control/hop/state";
import { startStream } from "../../runtime/control/streams/start";
import { stopStream } from "../../runtime/control/streams/stop";
import { type ConnectionTable, toConnectionRow } from "../../runtime/control/table/connection-table";
import type { RowChange, StoredRow } from "../../runtime/control/table/row-change";
import { runWatchdog } from "../../runtime/control/watchdog/run";
import type { Clock } from "../../runtime/support/clock";
import { StreamError } from "../../runtime/support/errors";
import type { Logger } from "../../runtime/support/logger";
import { type FakeClock, fakeClock } from "../fakes/fake-clock";
import { memoryTable } from "./memory-table";
import { type UpstreamBehaviour, type VirtualUpstream, virtualUpstream } from "./virtual-upstream";

export interface Hop {
  readonly payload: HopPayload;
  readonly startedAt: number;
  reasons?: ReadonlyMap<string, ExitReason>;
  /** kill -9: its table calls get no response, its sockets are closed. */
  kill(): void;
  /** SIGSTOP: its timers do not fire and its sockets are not read until the returned function is called. */
  pause(): () => void;
  readonly killed: () => boolean;
}

export interface SimulationOptions {
  readonly upstream?: Partial<UpstreamBehaviour>;
  readonly handover?: HandoverMode;
  readonly hopMs?: number;
  readonly coldStartMs?: number;
  readonly watchdog?: boolean;
  /** @default 10 */
  readonly streamsPerHop?: number;
  /** Hops of one chain; Lambda drops the invocation that makes it four more. */
  readonly longestChain?: number;
  /** Every stream sends the same request. Undefined: the deployment does not know. */
  readonly sharedRequest?: boolean;
  readonly maxConnections?: number;
}

/** Returns the fault of one call of the table, if any. */
export type TableFault = (call: {
  readonly op: "update" | "read" | "scan";
  readonly name: string;
}) => "lost-response" | "unavailable" | undefined;

function pausable(clock: Clock): { clock: Clock; pause: () => () => void } {
  let resumed = Promise.resolve();
  return {
    clock: {
      now: clock.now,
      sleep: async (ms, signal) => {
        await clock.sleep(ms, signal);
        await resumed;
      },
    },
    pause: () => {
      let resume = () => {};
      resumed = new Promise((resolve) => {
        resume = resolve;
      });
      return resume;
    },
  };
}

/** Lambda, the schedule, the connection table and an upstream, in simulated time. */
export class Simulation {
  readonly clock: FakeClock = fakeClock();
  readonly upstream: VirtualUpstream;
  readonly rows = new Map<string, StoredRow>();
  readonly hops: Hop[] = [];
  readonly logs: Record<string, unknown>[] = [];
  /** Called for each table call. Tests replace it. */
  tableFault: TableFault = () => undefined;
  /** Delays of the deliveries of an invocation. Empty: it is lost. */
  deliver: (payload: HopPayload) => readonly number[] = () => [this.options.coldStartMs ?? 500];
  /** Returns the upstream of a stream. Tests replace it. */
  upstreamOf: (streamId: string) => VirtualUpstream = () => this.upstream;
  release = "r1";
  /** The setting that new hops run with. */
  slices = 1;
  secretVersion = "v1";
  private nonces = 0;
  private readonly end = new AbortController();

  constructor(readonly options: SimulationOptions = {}) {
    this.upstream = virtualUpstream(this.clock, options.upstream);
    if (options.watchdog !== false) void this.watch();
  }

  /** Ends every hop and the schedule. */
  async close(): Promise<void> {
    this.end.abort();
    for (const hop of this.hops) hop.kill();
    await this.clock.advance(2_000_000);
    for (const row of this.rows.values()) {
      const { streamId, counters } = toConnectionRow(row);
      assert.equal(unaccounted(counters), 0, `${streamId}: ${JSON.stringify(counters)}`);
    }
  }

  row(streamId = "s"): ConnectionRow {
    return toConnectionRow(this.rows.get(streamId)!);
  }

  /** Advances to the start of the planned handover: the successor is invoked and has not started. */
  untilHandover(streamId = "s"): Promise<void> {
    return this.clock.advance(this.row(streamId).hop!.handoverAt - this.clock.now());
  }

  start(streamId = "s", options = {}) {
    return startStream(this.control(), streamId, options);
  }

  stop(streamId = "s") {
    return stopStream(this.control(), streamId);
  }

  events(name: string) {
    return this.logs.filter(({ event }) => event === name);
  }

  running(): Hop[] {
    return this.hops.filter((hop) => !hop.reasons && !hop.killed());
  }

  invoke = async (payload: HopPayload): Promise<void> => {
    const { longestChain = Number.POSITIVE_INFINITY } = this.options;
    if ((payload.chain ?? 0) >= longestChain + 4) return;
    for (const delayMs of this.deliver(payload)) {
      void this.clock
        .sleep(delayMs, this.end.signal)
        .then(() => (this.end.signal.aborted ? undefined : this.hop(payload)));
    }
  };

  /** Creates another upstream. */
  anotherUpstream(behaviour: Partial<UpstreamBehaviour> = {}): VirtualUpstream {
    return virtualUpstream(this.clock, behaviour);
  }

  async watchdogRun() {
    const secretVersion = async () => this.secretVersion;
    return runWatchdog({
      ...this.control(),
      release: this.release,
      declaredRow: DECLARED_ROW,
      streamsPerHop: this.streamsPerHop,
      endsChains: this.options.longestChain !== undefined,
      secretVersion,
    });
  }

  private get streamsPerHop(): number {
    return this.options.streamsPerHop ?? 10;
  }

  private control() {
    return {
      table: this.table(new AbortController().signal),
      invoke: this.invoke,
      clock: this.clock,
      logger: this.logger(),
      newNonce: () => `n${++this.nonces}`,
      sharedRequest: this.options.sharedRequest,
      maxConnections: this.options.maxConnections,
    };
  }

  private async watch(): Promise<void> {
    for (;;) {
      await this.clock.sleep(60_000, this.end.signal);
      if (this.end.signal.aborted) return;
      await this.watchdogRun().catch(() => undefined);
    }
  }

  private async hop(payload: HopPayload): Promise<void> {
    const life = new AbortController();
    const startedAt = this.clock.now();
    const { clock, pause } = pausable(this.clock);
    const hop: Hop = { payload, startedAt, kill: () => life.abort(), killed: () => life.signal.aborted, pause };
    this.hops.push(hop);
    const deadlineAt = startedAt + (this.options.hopMs ?? 900_000);
    const reasons = await runHop(
      payload,
      { deadlineAt },
      {
        ...this.control(),
        clock,
        table: this.table(life.signal),
        invoke: async (next) => {
          if (!life.signal.aborted) await this.invoke(next);
        },
        createRelay: (options) => this.upstreamOf(options.streamId).createRelay(options, life.signal, clock),
        handover: this.options.handover ?? "auto",
        longestChain: this.options.longestChain,
        release: this.release,
        slices: this.slices,
        sharing: this.streamsPerHop > 1,
      },
    );
    if (!life.signal.aborted) hop.reasons = reasons;
  }

  /** The table as one process uses it. */
  private table(life: AbortSignal): ConnectionTable {
    const table = memoryTable(this.rows);
    const call = async <T>(op: "update" | "read" | "scan", name: string, act: () => Promise<T>): Promise<T> => {
      const noResponse = () => new StreamError("STORE_UNAVAILABLE", `${name} got no response`, { retryable: true });
      if (life.aborted) throw noResponse();
      const fault = this.tableFault({ op, name });
      if (fault === "unavailable") throw noResponse();
      const response = await act();
      if (fault === "lost-response") throw noResponse();
      return response;
    };
    return {
      update: (streamId: string, change: RowChange) =>
        call("update", change.name, () => table.update(streamId, change)),
      read: (streamId, { consistent = true } = {}) =>
        call("read", consistent ? "read" : "glance", () => table.read(streamId)),
      scan: (page) => call("scan", "scan", () => table.scan(page)),
    };
  }

  private logger(base: Record<string, unknown> = {}): Logger {
    return {
      log: (level, message, fields = {}) => {
        this.logs.push({ level, message, ...base, ...fields });
      },
      with: (fields) => this.logger({ ...base, ...fields }),
    };
  }
}
