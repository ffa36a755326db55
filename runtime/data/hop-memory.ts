import { eventMemory } from "../contract";
import type { Clock } from "../support/clock";

/** Recent keys of one stream, where the hop's memory has room for them. */
const MAX_RECENT_KEYS = 8_192;
const MIN_RECENT_KEYS = 64;
/** What a stream that waited may read at once, with the copies that it makes: not all may read into the same free bytes. */
const CHUNK_BYTES = 3 * 65_536;
/** A stream that may read and receives nothing for this time gives its exception to the next one. */
const STALLED_MS = 5_000;
/** Small events are freed with the young generation. */
const LARGE_BYTES = 65_536;
/** Memory of a recent key. A stream remembers up to twice as many as its capacity. */
const RECENT_KEY_BYTES = 400;

/**
 * The memory that the streams of a hop share. While their events hold more than it has, no stream reads, with one exception: the one
 * that has waited longest in the middle of an event may read to the end of it. So events that are half read never block each other
 * for ever, and the memory is exceeded by one event at most.
 */
export class HopMemory {
  /** Capacity of each stream's memory of recent keys. */
  readonly recentKeys: number;
  private readonly limitBytes: number;
  private readonly garbageBytes: number;
  private held = 0;
  /** Large parts that were released since the last collection. */
  private released = 0;
  /** Oldest first. */
  private readonly waiting = new Set<StreamMemory>();
  private exception: StreamMemory | undefined;
  /** When the exception last might read. */
  private exceptionAt = 0;
  private readonly sleepers = new Set<AbortController>();

  /** `memoryMb`: that of the function. `collect`: frees memory that is no longer used. */
  constructor(
    memoryMb: number,
    streams: number,
    private readonly clock: Clock,
    private readonly collect: () => void = () => {},
  ) {
    const { sharedBytes, keysBytes, garbageBytes } = eventMemory(memoryMb, streams);
    this.limitBytes = sharedBytes;
    this.garbageBytes = garbageBytes;
    const share = Math.floor(keysBytes / RECENT_KEY_BYTES / streams);
    this.recentKeys = Math.max(MIN_RECENT_KEYS, Math.min(MAX_RECENT_KEYS, share));
  }

  stream(): StreamMemory {
    return new StreamMemory(this);
  }

  /** @internal */
  add(bytes: number): void {
    this.held += bytes;
    if (bytes >= 0) return;
    if (-bytes >= LARGE_BYTES) this.collectIfDue(-bytes);
    this.wake();
  }

  /** V8 frees buffers when 64 MB of them are unused, which a small function does not have. */
  private collectIfDue(bytes: number): void {
    this.released += bytes;
    if (this.released < this.garbageBytes) return;
    this.released = 0;
    this.collect();
  }

  /** @internal */
  mayRead(stream: StreamMemory): boolean {
    if (this.held < this.limitBytes && !this.waiting.has(stream)) return true;
    this.waiting.add(stream);
    const hasRoom = this.held + CHUNK_BYTES < this.limitBytes;
    if (hasRoom && this.exception === stream) this.exception = undefined;
    if (!hasRoom && !this.isException(stream)) return false;
    this.waiting.delete(stream);
    if (hasRoom) stream.expect(CHUNK_BYTES);
    return true;
  }

  private isException(stream: StreamMemory): boolean {
    const now = this.clock.now();
    if (!this.exception || this.exception.held === 0 || this.isStalled(this.exception, now))
      this.exception = this.oldestInEvent();
    if (this.exception !== stream || !stream.isInEvent) return false;
    this.exceptionAt = now;
    return true;
  }

  /** Its source sends nothing. */
  private isStalled(exception: StreamMemory, now: number): boolean {
    return !this.waiting.has(exception) && now - this.exceptionAt >= STALLED_MS;
  }

  private oldestInEvent(): StreamMemory | undefined {
    for (const stream of this.waiting) if (stream.isInEvent) return stream;
    return undefined;
  }

  /** @internal */
  leave(stream: StreamMemory): void {
    this.waiting.delete(stream);
    if (this.exception === stream) this.exception = undefined;
    this.add(-stream.held);
    this.wake();
  }

  /** Resolves when bytes were released, at the next {@link wake}, or when another stream's exception may be over. */
  async changed(): Promise<void> {
    const sleeper = new AbortController();
    this.sleepers.add(sleeper);
    await this.clock.sleep(STALLED_MS, sleeper.signal);
    this.sleepers.delete(sleeper);
  }

  wake(): void {
    for (const sleeper of this.sleepers) sleeper.abort();
    this.sleepers.clear();
  }
}

/** What one stream holds of its hop's memory. */
export class StreamMemory {
  private unfinished = 0;
  private queued = 0;
  private expected = 0;

  constructor(private readonly hop: HopMemory) {}

  get held(): number {
    return this.unfinished + this.queued + this.expected;
  }

  get isInEvent(): boolean {
    return this.unfinished > 0;
  }

  /** A chunk was read. Bytes of the event that is not complete. */
  setUnfinished(bytes: number): void {
    const change = bytes - this.unfinished - this.expected;
    this.unfinished = bytes;
    this.expected = 0;
    if (change !== 0) this.hop.add(change);
  }

  /** Bytes of the chunk that it may read. */
  expect(bytes: number): void {
    this.expected = bytes;
    this.hop.add(bytes);
  }

  /** Events that wait to be stored: more, or fewer. */
  addQueued(bytes: number): void {
    this.queued += bytes;
    this.hop.add(bytes);
  }

  /** Whether the stream may read its next chunk. */
  mayRead(): boolean {
    return this.hop.mayRead(this);
  }

  changed(): Promise<void> {
    return this.hop.changed();
  }

  /** Resolves all pending calls of {@link changed}. */
  wake(): void {
    this.hop.wake();
  }

  /** Releases everything. */
  close(): void {
    this.hop.leave(this);
    this.unfinished = 0;
    this.queued = 0;
    this.expected = 0;
  }
}
