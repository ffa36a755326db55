/**
 * Which events are settled (stored, ignored, suppressed, or refused and counted), in order of arrival. The checkpoint is the
 * last position before which everything is: batches finish in any order, the checkpoint never passes one that has not.
 */
export class CheckpointTracker {
  /** "" = upstream took its position back: resume from now. */
  checkpoint: string | undefined;
  private readonly positions: (string | undefined)[] = [];
  private readonly settled: boolean[] = [];
  private first = 0;
  private head = 0;
  /** Entries opened and not settled. */
  unsettled = 0;

  constructor(checkpoint: string | undefined) {
    this.checkpoint = checkpoint;
  }

  /** Enters an event; `position` undefined = it has none. Returns its number. */
  open(position: string | undefined): number {
    this.unsettled++;
    this.settled.push(false);
    return this.first + this.positions.push(position) - 1;
  }

  settle(number: number): void {
    this.settled[number - this.first] = true;
    this.unsettled--;
    this.advance();
  }

  /** Enters something that needs no work. */
  pass(position: string | undefined): void {
    if (this.head === this.positions.length) {
      if (position !== undefined) this.checkpoint = position;
    } else if (position !== undefined) {
      this.positions.push(position);
      this.settled.push(true);
    }
  }

  private advance(): void {
    while (this.settled[this.head]) {
      const position = this.positions[this.head++];
      if (position !== undefined) this.checkpoint = position;
    }
    if (this.head === this.positions.length || this.head > 4096) {
      this.positions.splice(0, this.head);
      this.settled.splice(0, this.head);
      this.first += this.head;
      this.head = 0;
    }
  }
}
