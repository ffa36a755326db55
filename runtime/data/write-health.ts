import type { StreamHealth } from "../contract";
import type { Clock } from "../support/clock";

/** The table counts as throttling until it has not throttled a write for this time. */
const QUIET_MS = 30_000;

/** Since when the writes of a stream make no progress or are throttled. Continues what the previous hop reported. */
export class WriteHealth {
  private waitingSince: number | undefined;
  private throttledSince: number | undefined;
  private throttledAt: number;

  constructor(
    private readonly clock: Clock,
    before: StreamHealth,
  ) {
    this.waitingSince = before.unstoredSince;
    this.throttledSince = before.throttledSince;
    this.throttledAt = clock.now();
  }

  /** An event waits to be stored. */
  waiting(): void {
    this.waitingSince ??= this.clock.now();
  }

  /** An event was settled. @param more whether other events wait */
  settled(more: boolean): void {
    this.waitingSince = more ? this.clock.now() : undefined;
  }

  /** The table throttled a write. Returns whether it had not throttled one before. */
  throttled(): boolean {
    const { throttledSince } = this.snapshot();
    this.throttledAt = this.clock.now();
    this.throttledSince = throttledSince ?? this.throttledAt;
    return throttledSince === undefined;
  }

  snapshot(): StreamHealth {
    if (this.clock.now() - this.throttledAt >= QUIET_MS) this.throttledSince = undefined;
    return { unstoredSince: this.waitingSince, throttledSince: this.throttledSince };
  }
}
