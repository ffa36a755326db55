interface Position {
  readonly position: string;
  readonly sequence?: string;
}

/**
 * Tracks which events are settled: stored, ignored, suppressed, or refused and counted. The checkpoint is the last position
 * up to which every event is settled. Batches finish in any order; the checkpoint never passes an unsettled event.
 */
export class CheckpointTracker {
  private readonly positions: (Position | undefined)[] = [];
  private readonly settled: boolean[] = [];
  private first = 0;
  private head = 0;
  /** Events added and not yet settled. */
  unsettled = 0;

  private last: Position | undefined;

  /** `onFirst`: the stream had no checkpoint and has one now. */
  constructor(
    checkpoint: string | undefined,
    private readonly onFirst: () => void = () => {},
    sequence?: string,
  ) {
    this.last = checkpoint === undefined ? undefined : { position: checkpoint, sequence };
  }

  /** "" = the source refused the position: resume from now. */
  get checkpoint(): string | undefined {
    return this.last?.position;
  }

  /** Sequence of the event that has the checkpoint as its position, as far as it was passed. */
  get checkpointSequence(): string | undefined {
    return this.last?.sequence;
  }

  /** Adds an event in order of receipt and returns its number. `position` undefined = the event has none. */
  add(position: string | undefined, sequence?: string): number {
    this.unsettled++;
    this.settled.push(false);
    return this.first + this.positions.push(position === undefined ? undefined : { position, sequence }) - 1;
  }

  settle(number: number): void {
    this.settled[number - this.first] = true;
    this.unsettled--;
    this.advance();
  }

  /** Adds an event that needs no write. */
  addSettled(position: string | undefined, sequence?: string): void {
    if (position === undefined) return;
    if (this.head === this.positions.length) this.moveTo({ position, sequence });
    else {
      this.positions.push({ position, sequence });
      this.settled.push(true);
    }
  }

  private moveTo(to: Position): void {
    const isFirst = !this.checkpoint && to.position !== "";
    this.last = to;
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
