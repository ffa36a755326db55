import { EVENT_KEY, PROGRESS_PREFIX, STREAM_ID_KEY } from "../contract";
import { isPack } from "../data/pack";
import type { StreamRecord } from "./lambda";
import type { PendingEvent } from "./load";
import type { ProcessorPorts } from "./ports";

/**
 * What an invocation leaves in the bucket when its time ends inside a pack. Lambda then delivers the records again from the
 * lowest reported one on, so the object is named after the first pack from there on: the first pack of the next batch.
 */
export interface PackProgress {
  /** By pack: numbers of the events that are handled, or stored as failures. */
  readonly done: Readonly<Record<string, readonly number[]>>;
  /** Limit for the events of one call, after a call with more events did not finish. */
  readonly maxEvents?: number;
}

/** Identifies a pack: sort keys of different streams can be equal. */
function packId({ dynamodb }: StreamRecord): string | undefined {
  const image = dynamodb?.NewImage;
  if (image === undefined || !isPack(image)) return undefined;
  return `${image[STREAM_ID_KEY]?.S}/${image[EVENT_KEY]?.S}`;
}

const objectKey = (pack: string) => `${PROGRESS_PREFIX}${encodeURIComponent(pack)}.json`;

/** Reads what earlier invocations did of this batch. A batch without packs needs no request. */
export async function readProgress(
  records: readonly StreamRecord[],
  { bucket, logger }: Pick<ProcessorPorts, "bucket" | "logger">,
): Promise<PackProgress | undefined> {
  const first = firstPack(records);
  if (first === undefined) return undefined;
  try {
    const bytes = await bucket.get(objectKey(first));
    return bytes === undefined ? undefined : (JSON.parse(Buffer.from(bytes).toString("utf8")) as PackProgress);
  } catch (error) {
    logger.log("warn", "Reading the progress of a pack failed. Its events may be handled again.", {
      pack: first,
      error,
    });
    return undefined;
  }
}

/** Events that are not done yet. */
export function withoutDone(pending: readonly PendingEvent[], progress: PackProgress | undefined): PendingEvent[] {
  if (progress === undefined) return [...pending];
  const done = new Map(Object.entries(progress.done).map(([pack, numbers]) => [pack, new Set(numbers)]));
  return pending.filter(({ record, number }) => !done.get(packId(record) ?? "")?.has(number));
}

/**
 * Stores what is done of the packs that Lambda delivers again: all records from the lowest of `redelivered` on.
 * `left` are the events that are not done.
 */
export async function storeProgress(
  records: readonly StreamRecord[],
  all: readonly PendingEvent[],
  left: ReadonlySet<PendingEvent>,
  maxEvents: number | undefined,
  { bucket, logger }: Pick<ProcessorPorts, "bucket" | "logger">,
): Promise<void> {
  const unfinished = new Set([...left].map(({ record }) => record));
  const from = records.findIndex((record) => unfinished.has(record));
  const again = new Set(records.slice(from));
  const first = firstPack(records.slice(from));
  if (from === -1 || first === undefined) return;
  const done: Record<string, number[]> = {};
  for (const event of all) {
    const pack = again.has(event.record) && !left.has(event) ? packId(event.record) : undefined;
    if (pack === undefined) continue;
    done[pack] ??= [];
    done[pack].push(event.number);
  }
  if (Object.keys(done).length === 0 && maxEvents === undefined) return;
  try {
    await bucket.put(objectKey(first), Buffer.from(JSON.stringify({ done, maxEvents } satisfies PackProgress)));
  } catch (error) {
    logger.log("warn", "Storing the progress of a pack failed. Its events are handled again.", { pack: first, error });
  }
}

function firstPack(records: readonly StreamRecord[]): string | undefined {
  for (const record of records) {
    const pack = record.eventName === "INSERT" ? packId(record) : undefined;
    if (pack !== undefined) return pack;
  }
  return undefined;
}
