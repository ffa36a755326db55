/** A line of a function's log, in the group that the function writes to. */
export interface LogLine {
  readonly group: string;
  readonly at: number;
  readonly text: string;
}

/** CloudWatch Logs, as far as somebody may look back: the latest lines. */
export interface LogStore {
  add(line: LogLine): void;
  /** Lines of one group, or of all, from `since` on, oldest first. */
  lines(since: number, group?: string): readonly LogLine[];
}

/** A run of days must not fill the memory with lines. */
const KEPT = 20_000;

export function createLogStore(): LogStore {
  const kept: LogLine[] = [];
  return {
    add(line) {
      kept.push(line);
      // Thrown away by halves: taking off the first of a long array costs its whole length.
      if (kept.length >= 2 * KEPT) kept.splice(0, KEPT);
    },
    lines: (since, group) => kept.filter((line) => line.at >= since && (group === undefined || line.group === group)),
  };
}
