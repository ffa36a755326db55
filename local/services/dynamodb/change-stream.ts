import { closeSync, existsSync, openSync, readFileSync, renameSync, writeFileSync, writeSync } from "node:fs";

/** One record as Lambda passes it to a function. */
export interface StreamRecord {
  readonly eventID: string;
  readonly eventName: "INSERT" | "MODIFY" | "REMOVE";
  readonly eventVersion: "1.1";
  readonly eventSource: "aws:dynamodb";
  readonly eventSourceARN: string;
  readonly awsRegion: string;
  readonly dynamodb: {
    readonly SequenceNumber: string;
    /** Epoch seconds. */
    readonly ApproximateCreationDateTime: number;
    readonly StreamViewType: string;
    readonly SizeBytes: number;
    readonly Keys: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly NewImage?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    readonly OldImage?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
}

/** The change stream of one table: a single shard, read by position. */
export interface ChangeStream {
  readonly arn: string;
  /** Sequence number of the next record. */
  readonly end: number;
  /** Sequence number of the oldest record: TRIM_HORIZON. */
  readonly horizon: number;
  append(record: (sequence: number) => StreamRecord): void;
  /** At most `limit` records from `position` on. */
  read(position: number, limit: number): readonly StreamRecord[];
  /** Calls the listener after each append. Returns a function that removes it. */
  onAppend(listener: () => void): () => void;
  /** A reader that keeps the records from `position` on. The stream drops what all readers have passed, except {@link KEPT_RECORDS}. */
  addReader(position: number): StreamReader;
  close(): void;
}

export interface StreamReader {
  /** The reader has passed the records before `position`. */
  moveTo(position: number): void;
  remove(): void;
}

/** AWS keeps records for 24 hours. Here delivered records are dropped, so that a long run does not fill the memory. */
const KEPT_RECORDS = 10_000;

/** @param file stores the records, one per line; absent: in memory */
export function openChangeStream(arn: string, file?: string): ChangeStream {
  const records = file !== undefined && existsSync(file) ? readRecords(file) : [];
  let first = Number(records[0]?.dynamodb.SequenceNumber ?? 1);
  const listeners = new Set<() => void>();
  const positions = new Map<StreamReader, number>();
  if (file !== undefined) rewrite(file, records);
  const handle = file === undefined ? undefined : openSync(file, "a", 0o600);

  function trim(): void {
    const surplus = Math.min(...positions.values()) - first - KEPT_RECORDS;
    // Rarely and many at once, because each splice moves the whole array.
    if (surplus < KEPT_RECORDS) return;
    records.splice(0, surplus);
    first += surplus;
  }

  return {
    arn,
    get end() {
      return first + records.length;
    },
    get horizon() {
      return first;
    },
    append(create) {
      const record = create(first + records.length);
      records.push(record);
      if (handle !== undefined) writeSync(handle, `${JSON.stringify(record)}\n`);
      for (const listener of listeners) listener();
    },
    read: (position, limit) => records.slice(Math.max(0, position - first), Math.max(0, position - first) + limit),
    onAppend(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    addReader(position) {
      const reader: StreamReader = {
        moveTo(next) {
          positions.set(reader, next);
          trim();
        },
        remove: () => void positions.delete(reader),
      };
      positions.set(reader, position);
      return reader;
    },
    close() {
      if (handle === undefined) return;
      closeSync(handle);
      rewrite(file!, records);
    },
  };
}

/** Ignores a last line that a crash cut off. */
function readRecords(file: string): StreamRecord[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.slice(0, -1).map((line) => JSON.parse(line) as StreamRecord);
}

function rewrite(file: string, records: readonly StreamRecord[]): void {
  writeFileSync(`${file}.new`, records.map((record) => `${JSON.stringify(record)}\n`).join(""), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
