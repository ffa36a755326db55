/** Finds the numbers that a source skips. Each event's number is one higher than that of the event before it. */
export class NumberGaps {
  private refused = 0;

  /** `highest`: the highest number of earlier connections. Undefined: not known, so the next number is the first. */
  constructor(public highest: number | undefined) {}

  /** An event was refused before its number was read. */
  skip(): void {
    this.refused++;
  }

  /** Returns how many numbers are missing before this one. */
  next(number: number): number {
    const { highest, refused } = this;
    this.refused = 0;
    const startsAgain = number <= 1;
    if (highest !== undefined && !startsAgain && number <= highest) return 0;
    this.highest = number;
    return highest === undefined || startsAgain ? 0 : Math.max(0, number - highest - 1 - refused);
  }
}
