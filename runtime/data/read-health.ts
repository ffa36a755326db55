import { isMute, type Mute, type StreamHealth } from "../contract";
import type { Clock } from "../support/clock";

/** Bytes that are further apart than this start a new count. */
const GAP_MS = 60_000;

/** Whether bytes arrive and no event does. Continues what the previous hop reported. */
export class ReadHealth {
  private mute: Mute | undefined;
  private reported = false;

  constructor(
    private readonly clock: Clock,
    before: StreamHealth,
  ) {
    this.mute = before.mute;
  }

  /**
   * A chunk was read. `events`: it completed an event. `unread`: bytes are left that are neither an event nor a heartbeat.
   * Returns true once for each time that the stream becomes mute.
   */
  chunk(events: boolean, unread: boolean): boolean {
    const now = this.clock.now();
    if (events || !unread) {
      this.mute = undefined;
      this.reported = false;
    }
    if (!unread) return false;
    const continues = this.mute !== undefined && now - this.mute.until < GAP_MS;
    this.mute = { since: continues ? this.mute!.since : now, until: now };
    if (this.reported || !isMute({ mute: this.mute })) return false;
    this.reported = true;
    return true;
  }

  snapshot(): StreamHealth {
    return { mute: this.mute };
  }
}
