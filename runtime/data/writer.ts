import { backoffMs } from "../support/backoff";
import type { Clock } from "../support/clock";
import type { Logger } from "../support/logger";
import { BATCH_ITEMS, type EventStore, type PutOversize } from "./event-store";
import type { EncodedItem } from "./item";

export interface WriterDeps {
  readonly store: EventStore;
  readonly oversize: PutOversize;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Ends everything that is under way: what is not settled by then stays so. */
  readonly signal: AbortSignal;
  readonly onSettled: (entry: Entry, stored: boolean) => void;
}

/** An item and its number in the ledger. */
export interface Entry {
  readonly item: EncodedItem;
  readonly number: number;
}

const MAX_IN_FLIGHT = 32;
/** Full flight and what fills the next batches meanwhile: more would only age in memory. */
const MAX_EVENTS = (MAX_IN_FLIGHT + 8) * BATCH_ITEMS;
const MIN_EVENTS = 100;
const MAX_BYTES = 8 * 1024 * 1024;
/** No more is buffered than the measured rate writes in this time: a drain fits before the deadline. */
const DRAIN_SECONDS = 10;
const RETRY_BASE_MS = 50;
const RETRY_CAP_MS = 5_000;

/**
 * Group commit without linger: an idle writer sends what there is at once; while requests are in flight the next batch fills.
 * A batch is tried until the table takes it; its slot waits meanwhile, so a throttled table is asked less, not more.
 */
export class Writer {
  private readonly queue: Entry[] = [];
  private head = 0;
  private inFlight = 0;
  private events = 0;
  private bytes = 0;
  /** Written items and the time in which something was in flight: their quotient is the rate. */
  private written = 0;
  private busyMs = 0;
  private busySince = 0;
  private wakers: (() => void)[] = [];
  private complained = false;

  constructor(private readonly deps: WriterDeps) {}

  add(entry: Entry): void {
    this.queue.push(entry);
    this.events++;
    this.bytes += weight(entry);
    if (this.queue.length - this.head >= BATCH_ITEMS) this.fill();
  }

  /** Sends a part of a batch when nothing is in flight that could fill it up. Called at the end of every chunk. */
  flush(): void {
    this.fill();
    if (this.inFlight === 0 && this.head < this.queue.length) this.sendNext();
  }

  /** Must the reader stand still? */
  get full(): boolean {
    return this.events >= this.capacity() || this.bytes >= MAX_BYTES;
  }

  get idle(): boolean {
    return this.events === 0;
  }

  /** Resolves after the next batch was settled, or at once when the writer was told to end. */
  changed(): Promise<void> {
    if (this.deps.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.wakers.push(resolve);
    });
  }

  /** Wakes everyone who waits in {@link changed}. */
  wake(): void {
    const wakers = this.wakers;
    this.wakers = [];
    for (const wake of wakers) wake();
  }

  private capacity(): number {
    const busyMs = this.busyMs + (this.inFlight > 0 ? this.deps.clock.now() - this.busySince : 0);
    if (busyMs < 1_000) return MAX_EVENTS;
    return Math.max(MIN_EVENTS, Math.min(MAX_EVENTS, (this.written / busyMs) * 1_000 * DRAIN_SECONDS));
  }

  private fill(): void {
    while (this.inFlight < MAX_IN_FLIGHT && this.queue.length - this.head >= BATCH_ITEMS) this.sendNext();
  }

  private sendNext(): void {
    const batch = this.queue.slice(this.head, this.head + BATCH_ITEMS);
    this.head += batch.length;
    if (this.head > 1024 || this.head === this.queue.length) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
    if (this.inFlight++ === 0) this.busySince = this.deps.clock.now();
    void this.send(batch).then(() => {
      this.countTime(--this.inFlight === 0);
      if (!this.deps.signal.aborted) this.flush();
      this.wake();
    });
  }

  /** Never rejects. */
  private async send(entries: readonly Entry[]): Promise<void> {
    const { store, oversize, signal, clock, random } = this.deps;
    const objects = entries.filter((entry) => entry.item.oversize);
    let left = entries;
    for (let attempt = 0; left.length > 0 && !signal.aborted; ) {
      try {
        for (; objects.length > 0; objects.shift()) {
          const { key, bytes } = objects[0]!.item.oversize!;
          await oversize(key, bytes, signal);
        }
        const refusedForNow = await store.write(
          left.map((entry) => entry.item),
          signal,
        );
        if (refusedForNow.length < left.length) attempt = 0;
        left = this.settleAllBut(refusedForNow, left);
        if (left.length === 0) return;
      } catch (error) {
        if (signal.aborted) return;
        if ((error as { code?: unknown }).code === "VALIDATION_FAILED") return this.sendHalves(left, error);
        this.complain(error);
      }
      await clock.sleep(backoffMs(attempt++, RETRY_BASE_MS, RETRY_CAP_MS, random), signal);
    }
  }

  /** One bad item must not take 24 good ones with it: halve until it stands alone, then refuse it by name. */
  private async sendHalves(entries: readonly Entry[], error: unknown): Promise<void> {
    if (entries.length === 1) {
      const entry = entries[0]!;
      this.deps.log.log("error", "The event table refused an event", {
        key: entry.item.key,
        bytes: entry.item.bytes,
        error,
      });
      return this.settle(entry, false);
    }
    const middle = Math.ceil(entries.length / 2);
    await this.send(entries.slice(0, middle));
    await this.send(entries.slice(middle));
  }

  private settleAllBut(items: readonly EncodedItem[], entries: readonly Entry[]): Entry[] {
    if (items.length === 0) {
      this.complained = false;
      for (const entry of entries) this.settle(entry, true);
      return [];
    }
    const keys = new Set(items.map((item) => item.key));
    const left: Entry[] = [];
    for (const entry of entries) {
      if (keys.has(entry.item.key)) left.push(entry);
      else this.settle(entry, true);
    }
    return left;
  }

  private settle(entry: Entry, stored: boolean): void {
    this.events--;
    this.bytes -= weight(entry);
    this.written++;
    this.deps.onSettled(entry, stored);
  }

  private countTime(idle: boolean): void {
    const now = this.deps.clock.now();
    this.busyMs += now - this.busySince;
    this.busySince = now;
    // Old minutes weigh half: the rate follows a table that got slower or faster.
    if (idle || this.busyMs > 1_000) {
      if (this.busyMs > 10_000) {
        this.busyMs /= 2;
        this.written /= 2;
      }
    }
  }

  /** An outage is one line, not one a try. */
  private complain(error: unknown): void {
    if (this.complained) return;
    this.complained = true;
    this.deps.log.log("warn", "The event table does not take events; trying on", { error });
  }
}

/** What an entry holds of memory. */
function weight(entry: Entry): number {
  return entry.item.json.length + (entry.item.oversize?.bytes.length ?? 0);
}
