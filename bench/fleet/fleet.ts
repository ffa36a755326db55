import { CONTRACT_VERSION, type ConnectionRow, type HopStream, STATUS, ZERO_COUNTERS } from "../../runtime/contract";
import { beginsAfter, frameOf } from "../../runtime/control/hop/frame";
import { close, open } from "../../runtime/control/streams/desired-state";
import { isClaimed, isLive, toConnectionRow } from "../../runtime/control/table/connection-table";
import type { RowChange } from "../../runtime/control/table/row-change";
import { moveChange, watchdogChange } from "../../runtime/control/watchdog/changes";
import { decide } from "../../runtime/control/watchdog/decision";
import { isLost, lostHops } from "../../runtime/control/watchdog/lost-hops";
import { placement } from "../../runtime/control/watchdog/placement";
import { applyChange } from "../../tests/control/memory-table";

/** Times of a hop that this model does not derive from the protocol, in milliseconds. */
const COLD_START_MS = 1_000;
const CONNECT_MS = 500;
/** A predecessor finds its successor at its next renewal, and reads for two more seconds. */
const NOTICE_MS = { planned: 3_000, uninvited: 10_000 } as const;
const LEASE_MS = 30_000;
const HOP_MS = 900_000;

interface Hop {
  readonly id: string;
  readonly streams: Set<string>;
  readonly frame: ReturnType<typeof frameOf>;
  /** Streams of the payload that have not begun. */
  waiting: number;
  /** It has invoked its successor. */
  handingOver: boolean;
  /** Its streams are on the way to another hop. */
  moving: boolean;
}

export interface FleetOptions {
  readonly streamsPerHop: number;
  readonly random: () => number;
  /** Whether the upstream of a stream takes one connection. */
  readonly single: (streamId: string) => boolean;
}

/**
 * Many streams and their hops on a clock of seconds. Start, stop, the watchdog's decisions and writes, placement, and the plan of a hop are those of
 * the product; the life of a hop between them is a model: claims, connections and acquires that take fixed times.
 */
export class Fleet {
  readonly rows = new Map<string, ConnectionRow>();
  readonly hops = new Map<string, Hop>();
  now = 1_800_000_000_000;
  release = "r1";
  /** The upstream refuses every connection. */
  outage = false;
  connections = 0;
  handovers = 0;
  moves = 0;
  private readonly timers = new Map<number, (() => void)[]>();
  private ids = 0;

  constructor(private readonly options: FleetOptions) {}

  /** Hops. Those whose streams are on the way to another one are not counted. */
  get running(): number {
    return [...this.hops.values()].filter(({ handingOver, moving }) => !handingOver && !moving).length;
  }

  /** Lets one second pass. */
  tick(): void {
    this.now += 1_000;
    const due = this.timers.get(this.now) ?? [];
    this.timers.delete(this.now);
    for (const run of due) run();
    if (this.now % 60_000 === 0) this.watchdog();
  }

  start(streamId: string): void {
    this.write(streamId, open(this.rows.get(streamId), { nonce: this.id(), now: this.now, resume: true }));
    this.invoke([{ streamId }]);
  }

  stop(streamId: string): void {
    const row = this.rows.get(streamId)!;
    this.write(streamId, close(row, { nonce: this.id(), now: this.now }));
    this.after(NOTICE_MS.uninvited, () => this.leave(row.hop?.id, streamId, { status: STATUS.closed }));
  }

  /** Every connection ends, and no new one opens until `outage` is false. */
  fail(): void {
    this.outage = true;
    for (const hop of this.hops.values()) for (const streamId of [...hop.streams]) this.wait(hop, streamId);
  }

  crash(hopId: string): void {
    const hop = this.hops.get(hopId)!;
    this.hops.delete(hopId);
    for (const streamId of hop.streams) {
      this.connections--;
      this.patch(streamId, { beatUntil: this.now + LEASE_MS - 5_000 });
    }
    hop.streams.clear();
  }

  private watchdog(): void {
    const { now, release } = this;
    const rows = [...this.rows.values()];
    const lost = lostHops(rows, now);
    const run = { nonce: this.id(), now, release };
    const starting: HopStream[] = [];
    const idle: ConnectionRow[] = [];
    for (const row of rows) {
      const decision = decide(row, { now, release, lost: isLost(row, lost) });
      if (decision.kind === "nothing") idle.push(row);
      const change = watchdogChange(decision, row, run);
      if (change && !this.write(row.streamId, change)) continue;
      if (decision.kind === "request-handover") this.requestHandover(row.hop?.id);
      if (decision.kind === "invoke" || (decision.kind === "revive" && decision.retryAt === undefined))
        starting.push({ streamId: row.streamId });
    }
    const { streamsPerHop } = this.options;
    for (let at = 0; at < starting.length; at += streamsPerHop) this.invoke(starting.slice(at, at + streamsPerHop));
    for (const moved of placement(idle, { now, release, streamsPerHop })) {
      const marked = moved.filter((row) => this.write(row.streamId, moveChange(row, run)));
      this.moves += marked.length;
      for (const { hop } of marked) this.markMoving(hop?.id);
      if (marked.length > 0) this.invoke(marked.map(({ streamId, generation }) => ({ streamId, generation })));
    }
  }

  private markMoving(hopId = ""): void {
    const hop = this.hops.get(hopId);
    if (!hop || [...hop.streams].some((id) => this.rows.get(id)?.movedAt !== this.now)) return;
    hop.moving = true;
    this.after(60_000, () => {
      hop.moving = false;
    });
  }

  private requestHandover(hopId = ""): void {
    const hop = this.hops.get(hopId);
    if (!hop || hop.handingOver) return;
    const at = Math.max(this.now + hop.frame.phaseMs, hop.frame.enteredAt + 60_000);
    this.after(at - this.now + 5_000, () => this.beginHandover(hop));
  }

  private beginHandover(hop: Hop): void {
    if (hop.handingOver || !this.hops.has(hop.id) || hop.streams.size === 0) return;
    hop.handingOver = true;
    this.invoke([...hop.streams].map((streamId) => ({ streamId, generation: this.rows.get(streamId)!.generation })));
    // A stream that no successor acquired is released before the deadline.
    this.after(hop.frame.handoverMs, () => {
      for (const streamId of [...hop.streams]) this.leave(hop.id, streamId, { status: STATUS.starting });
    });
  }

  private invoke(streams: readonly HopStream[]): void {
    this.after(COLD_START_MS, () => {
      const times = { enteredAt: this.now, deadlineAt: this.now + HOP_MS, id: this.id() };
      const frame = frameOf(streams, times, { endsChain: false, sharing: true });
      const hop: Hop = {
        id: times.id,
        streams: new Set(),
        frame,
        waiting: streams.length,
        handingOver: false,
        moving: false,
      };
      this.hops.set(hop.id, hop);
      this.after(frame.handoverAt - this.now, () => this.beginHandover(hop));
      streams.forEach((stream, i) => {
        this.after(beginsAfter(i, streams.length, frame), () => this.begin(hop, stream));
      });
    });
  }

  private begin(hop: Hop, { streamId, generation }: HopStream): void {
    hop.waiting--;
    const row = this.rows.get(streamId)!;
    const { now } = this;
    const free = !isLive(row, now) && (row.retryAt ?? 0) <= now;
    const mayRun = row.desired === "open" && !isClaimed(row, now);
    const named = generation === undefined ? free : row.generation === generation;
    if (!mayRun || !named || (generation !== undefined && this.outage)) {
      this.end(hop);
      return;
    }
    if (generation === undefined) {
      this.acquire(hop, streamId);
      if (this.outage) this.wait(hop, streamId);
      return;
    }
    const single = this.options.single(streamId);
    this.patch(streamId, { claim: { nonce: hop.id, until: now + 20_000 } });
    if (!single) this.connections++;
    hop.waiting++;
    this.after(CONNECT_MS, () => {
      hop.waiting--;
      const before = this.rows.get(streamId)!;
      if (before.generation !== generation || before.desired !== "open") {
        if (!single) this.connections--;
        this.end(hop);
        return;
      }
      const predecessor = this.hops.get(before.hop?.id ?? "");
      this.acquire(hop, streamId, generation);
      this.handovers++;
      if (single) this.patch(streamId, { handoverMode: { mode: "break", until: this.now + 86_400_000 } });
      if (!single) this.connections--;
      predecessor?.streams.delete(streamId);
      // An overlap: the predecessor reads on for a while.
      if (!single && predecessor) {
        this.connections++;
        this.after(predecessor.handingOver ? NOTICE_MS.planned : NOTICE_MS.uninvited, () => {
          this.connections--;
          this.end(predecessor);
        });
      } else if (predecessor) this.end(predecessor);
    });
  }

  private acquire(hop: Hop, streamId: string, claimed?: number): void {
    const { generation } = this.rows.get(streamId)!;
    if (claimed === undefined || !this.rows.get(streamId)!.owner) this.connections++;
    else if (!this.hops.get(this.rows.get(streamId)!.hop?.id ?? "")) this.connections++;
    hop.streams.add(streamId);
    this.patch(streamId, {
      owner: hop.id,
      generation: generation + 1,
      status: STATUS.open,
      // A hop renews as long as it runs: a crash ends its beat.
      expiresAt: Number.MAX_SAFE_INTEGER,
      beatUntil: undefined,
      claim: undefined,
      release: this.release,
      requestedRelease: undefined,
      retryAt: undefined,
      hop: { id: hop.id, handoverAt: hop.frame.handoverAt, ms: HOP_MS },
      handedOverAt: claimed === undefined ? undefined : this.now,
    });
  }

  /** Ends the run of a stream for longer than a hop waits. */
  private wait(hop: Hop, streamId: string): void {
    const retryAt = this.now + 60_000 + Math.floor(this.options.random() * 60) * 1_000;
    this.leave(hop.id, streamId, { status: STATUS.waiting, retryAt });
  }

  private leave(hopId: string | undefined, streamId: string, after: Partial<ConnectionRow>): void {
    const hop = this.hops.get(hopId ?? "");
    if (!hop?.streams.delete(streamId)) return;
    this.connections--;
    this.patch(streamId, { owner: undefined, expiresAt: undefined, ...after });
    this.end(hop);
  }

  private end(hop: Hop): void {
    if (hop.streams.size === 0 && hop.waiting === 0) this.hops.delete(hop.id);
  }

  private write(streamId: string, change: RowChange): boolean {
    const next = applyChange(this.rows.get(streamId) as never, streamId, change);
    if (next) this.rows.set(streamId, toConnectionRow(next));
    return next !== undefined;
  }

  private patch(streamId: string, fields: Partial<ConnectionRow>): void {
    const row = this.rows.get(streamId) ?? { streamId, v: CONTRACT_VERSION, counters: ZERO_COUNTERS };
    this.rows.set(streamId, { ...row, ...fields } as ConnectionRow);
  }

  private after(ms: number, run: () => void): void {
    const at = this.now + Math.max(1, Math.ceil(ms / 1_000)) * 1_000;
    const timers = this.timers.get(at);
    if (timers) timers.push(run);
    else this.timers.set(at, [run]);
  }

  private id(): string {
    return `i${++this.ids}`;
  }
}
