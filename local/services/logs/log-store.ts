/** A line of a function's log group. */
export interface LogLine {
  readonly group: string;
  readonly at: number;
  readonly text: string;
}

/** CloudWatch Logs with the latest lines only. */
export interface LogStore {
  createGroup(name: string): void;
  /** Deletes the group with its lines. */
  deleteGroup(name: string): void;
  hasGroup(name: string): boolean;
  /** Creates the group if it does not exist, as Lambda does. */
  add(line: LogLine): void;
  /** Lines of one group, or of all groups, since a time, oldest first. */
  lines(since: number, group?: string): readonly LogLine[];
}

/** Limits the memory of long runs. */
const KEPT = 20_000;

export function createLogStore(): LogStore {
  const groups = new Set<string>();
  let kept: LogLine[] = [];
  return {
    createGroup: (name) => void groups.add(name),
    deleteGroup(name) {
      groups.delete(name);
      kept = kept.filter(({ group }) => group !== name);
    },
    hasGroup: (name) => groups.has(name),
    add(line) {
      groups.add(line.group);
      kept.push(line);
      // Drops half at once, because each splice moves the whole array.
      if (kept.length >= 2 * KEPT) kept.splice(0, KEPT);
    },
    lines: (since, group) => kept.filter((line) => line.at >= since && (group === undefined || line.group === group)),
  };
}
