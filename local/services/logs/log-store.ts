/** A line of a function's log group. */
export interface LogLine {
  readonly group: string;
  readonly at: number;
  readonly text: string;
}

/** A line with an id of digits, which no other line has, as on CloudWatch Logs. */
export interface KeptLine extends LogLine {
  readonly id: string;
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
  lines(since: number, group?: string): readonly KeptLine[];
}

/** Limits the memory of long runs. */
const KEPT = 20_000;
/** After the time. CloudWatch Logs has 56 digits in all. */
const ID_DIGITS = 43;

export function createLogStore(): LogStore {
  const groups = new Set<string>();
  let kept: KeptLine[] = [];
  let added = 0;
  return {
    createGroup: (name) => void groups.add(name),
    deleteGroup(name) {
      groups.delete(name);
      kept = kept.filter(({ group }) => group !== name);
    },
    hasGroup: (name) => groups.has(name),
    add(line) {
      groups.add(line.group);
      // The time makes ids differ between two runs of the local stack.
      kept.push({ ...line, id: `${line.at}${String(++added).padStart(ID_DIGITS, "0")}` });
      // Drops half at once, because each splice moves the whole array.
      if (kept.length >= 2 * KEPT) kept.splice(0, KEPT);
    },
    lines: (since, group) => kept.filter((line) => line.at >= since && (group === undefined || line.group === group)),
  };
}
