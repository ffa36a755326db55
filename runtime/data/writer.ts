import { backoffMs } from "../support/backoff";
import type { Clock } from "../support/clock";
import type { StreamError } from "../support/errors";
import type { Logger } from "../support/logger";
import { BATCH_ITEMS, type EventStore, type PutOversize } from "./event-store";
import type { StreamMemory } from "./hop-memory";
import type { EncodedItem, Oversize } from "./item";

export interface WriterDeps {
  readonly store: EventStore;
  readonly oversize: PutOversize;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** Aborts all writes. Events that are not settled by then stay unsettled. */
  readonly signal: AbortSignal;
  readonly memory: Pick<StreamMemory, "addQueued">;
  /** When the items that wait have so many bytes, the reader must pause. Objects have another limit. */
  readonly maxBytes: number;
  /** An object that the bucket does not accept for this time is refused with its event. */
  readonly objectRetryMs: number;
  /** `refused`: why the event is not stored and never will be. Absent: it is stored. */
  readonly onSettled: (entry: Entry, refused?: StreamError) => void;
  /** The table throttled a batch, which is retried. */
  readonly onThrottled: () => void;
  /** A write failed and is retried. */
  readonly onError: (error: unknown) => void;
}

/** The table's errors that mean too many requests. https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html */
const THROTTLING = new Set(["ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"]);

/** An item and its number in the checkpoint tracker. */
export interface Entry {
  readonly item: EncodedItem;
  readonly number: number;
  /** Of a pack: the numbers of its events. */
  readonly numbers?: readonly number[];
}

const MAX_IN_FLIGHT = 32;
/** The batches in flight and the next eight. More events would only wait in memory. */
const MAX_EVENTS = (MAX_IN_FLIGHT + 8) * BATCH_ITEMS;
const MIN_EVENTS = 100;
/** A bucket that refuses some objects must not pause the reader. */
const MAX_OBJECT_BYTES = 8 * 1024 * 1024;
/** The buffer holds at most what the measured rate writes in this time, so that a drain ends before the deadline. */
const DRAIN_SECONDS = 10;
const RETRY_BASE_MS = 50;
const RETRY_CAP_MS = 5_000;

/**
 * Batches without linger: an idle writer sends at once; while requests are in flight, the next batch fills. A batch is retried
 * until the table accepts it and occupies its slot meanwhile, so a throttled table gets fewer requests. An event with an object
 * joins a batch when its object is in the bucket, so a bucket that refuses one does not hold other events.
 */
export class Writer {
  private readonly queue: Entry[] = [];
  private head = 0;
  private inFlight = 0;
  private events = 0;
  private bytes = 0;
  private objectBytes = 0;
  /** Settled items, and the time with requests in flight. Their quotient is the write rate. */
  private written = 0;
  private busyMs = 0;
  private busySince = 0;
  private waiters: (() => void)[] = [];
  /** An outage of the table is logged once, not at every retry. */
  private warned = false;

  constructor(private readonly deps: WriterDeps) {}

  add(entry: Entry): void {
    this.events++;
    this.hold(entry, 1);
    if (entry.item.oversize) void this.upload(entry, entry.item.oversize);
    else this.enqueue(entry);
  }

  private enqueue(entry: Entry): void {
    this.queue.push(entry);
    if (this.queue.length - this.head >= BATCH_ITEMS) this.fill();
  }

  /** Sends a partial batch when no request is in flight. Call it at the end of every chunk. */
  flush(): void {
    this.fill();
    if (this.inFlight === 0 && this.head < this.queue.length) this.sendNext();
  }

  /** Whether the reader must pause. */
  get full(): boolean {
    return this.events >= this.capacity() || this.bytes >= this.deps.maxBytes || this.objectBytes >= MAX_OBJECT_BYTES;
  }

  get idle(): boolean {
    return this.events === 0;
  }

  /** Resolves when the next batch is settled, or at once after `signal` aborted. */
  changed(): Promise<void> {
    if (this.deps.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiters.push(resolve);
    });
  }

  /** Resolves all pending calls of {@link changed}. */
  wake(): void {
    const waiters = this.waiters;
    this.waiters = [];
    for (const resolve of waiters) resolve();
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

  /** Stores an event's object, then sends its item. Never rejects. */
  private async upload(entry: Entry, { key, bytes }: Oversize): Promise<void> {
    const { oversize, objectRetryMs, signal, clock, random } = this.deps;
    const giveUpAt = clock.now() + objectRetryMs;
    for (let attempt = 0; !signal.aborted; attempt++) {
      try {
        await oversize(key, bytes, signal);
        if (signal.aborted) return;
        const { oversize: _, ...item } = entry.item;
        const stored = { ...entry, item };
        this.hold(stored, 1);
        this.hold(entry, -1);
        this.enqueue(stored);
        return this.flush();
      } catch (error) {
        if (signal.aborted) return;
        if (clock.now() >= giveUpAt) {
          this.refuse(entry, error as StreamError);
          return this.wake();
        }
        this.deps.onError(error);
        if (attempt === 0)
          this.deps.log.log("warn", "The bucket does not accept an object. The relay retries.", { key, error });
      }
      await clock.sleep(backoffMs(attempt, RETRY_BASE_MS, RETRY_CAP_MS, random), signal);
    }
  }

  /** Never rejects. */
  private async send(entries: readonly Entry[]): Promise<void> {
    const { store, signal, clock, random } = this.deps;
    let left = entries;
    for (let attempt = 0; left.length > 0 && !signal.aborted; ) {
      try {
        const unprocessed = await store.write(
          left.map((entry) => entry.item),
          signal,
        );
        if (unprocessed.length > 0) this.deps.onThrottled();
        left = this.settleAllBut(unprocessed, left);
        if (left.length === 0) return;
      } catch (error) {
        if (signal.aborted) return;
        if ((error as StreamError).code === "VALIDATION_FAILED") return this.sendHalves(left, error as StreamError);
        this.deps.onError(error);
        if (THROTTLING.has((error as StreamError).awsError ?? "")) this.deps.onThrottled();
        else this.warn(error);
      }
      await clock.sleep(backoffMs(attempt++, RETRY_BASE_MS, RETRY_CAP_MS, random), signal);
    }
  }

  /** Halves the batch until the invalid item is alone, refuses that item and stores the others. */
  private async sendHalves(entries: readonly Entry[], error: StreamError): Promise<void> {
    if (entries.length === 1) return this.refuse(entries[0]!, error);
    const middle = Math.ceil(entries.length / 2);
    await this.send(entries.slice(0, middle));
    await this.send(entries.slice(middle));
  }

  private settleAllBut(items: readonly EncodedItem[], entries: readonly Entry[]): Entry[] {
    if (items.length === 0) {
      this.warned = false;
      for (const entry of entries) this.settle(entry);
      return [];
    }
    const keys = new Set(items.map((item) => item.key));
    const left: Entry[] = [];
    for (const entry of entries) {
      if (keys.has(entry.item.key)) left.push(entry);
      else this.settle(entry);
    }
    return left;
  }

  private refuse(entry: Entry, error: StreamError): void {
    const { key, bytes } = entry.item;
    this.deps.log.log("error", "An event was refused and is not stored", { key, bytes, error });
    this.settle(entry, error);
  }

  private settle(entry: Entry, refused?: StreamError): void {
    this.events--;
    this.hold(entry, -1);
    this.written++;
    this.deps.onSettled(entry, refused);
  }

  private countTime(idle: boolean): void {
    const now = this.deps.clock.now();
    this.busyMs += now - this.busySince;
    this.busySince = now;
    // Older measurements count half, so the rate follows a table that becomes slower or faster.
    if (idle || this.busyMs > 1_000) {
      if (this.busyMs > 10_000) {
        this.busyMs /= 2;
        this.written /= 2;
      }
    }
  }

  private hold({ item }: Entry, sign: 1 | -1): void {
    const object = item.oversize?.bytes.length ?? 0;
    this.bytes += sign * item.json.length;
    this.objectBytes += sign * object;
    this.deps.memory.addQueued(sign * (ITEM_COPIES * item.json.length + object));
  }

  private warn(error: unknown): void {
    if (!this.warned)
      this.deps.log.log("warn", "Writes to the event table fail. The relay retries until they succeed.", { error });
    this.warned = true;
  }
}

/** An item exists as JSON, in the text of its batch, and in the bytes of the request. */
const ITEM_COPIES = 3;
