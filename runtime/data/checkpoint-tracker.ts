/**
 * Tracks which events are settled: stored, ignored, suppressed, or refused and counted. The checkpoint is the last position
 * up to which every event is settled. Batches finish in any order; the checkpoint never passes an unsettled event.
 */
export class CheckpointTracker {
  /** "" = the source refused the position: resume from now. */
  checkpoint: string | undefined;
  private readonly positions: (string | undefined)[] = [];
  private readonly settled: boolean[] = [];
  private first = 0;
  private head = 0;
  /** Events added and not yet settled. */
  unsettled = 0;

  /** `onFirst`: the stream had no checkpoint and has one now. */
  constructor(
    checkpoint: string | undefined,
    private readonly onFirst: () => void = () => {},
  ) {
    this.checkpoint = checkpoint;
  }

  /** Adds an event in order of receipt and returns its number. `position` undefined = the event has none. */
  add(position: string | undefined): number {
    this.unsettled++;
    this.settled.push(false);
    return this.first + this.positions.push(position) - 1;
  }

  settle(number: number): void {
    this.settled[number - this.first] = true;
    this.unsettled--;
    this.advance();
  }

  /** Adds an event that needs no write. */
  addSettled(position: string | undefined): void {
    if (this.head === this.positions.length) {
      if (position !== undefined) this.moveTo(position);
    } else if (position !== undefined) {
      this.positions.push(position);
      this.settled.push(true);
    }
  }

  private moveTo(position: string): void {
    const isFirst = !this.checkpoint && position !== "";
    this.checkpoint = position;
    if (isFirst) this.onFirst();
  }

  private advance(): void {
    while (this.settled[this.head]) {
      const position = this.positions[this.head++];
      if (position !== undefined) this.moveTo(position);
    }
    if (this.head === this.positions.length || this.head > 4096) {
      this.positions.splice(0, this.head);
      this.settled.splice(0, this.head);
      this.first += this.head;
      this.head = 0;
    }
  }
}
