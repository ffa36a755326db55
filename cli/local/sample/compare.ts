/** One copy of an event: its stream and its data. */
export interface EventCopy {
  readonly streamId: string;
  readonly data: string;
}

/** What was stored and processed of the events that an upstream sent. */
export interface Comparison {
  readonly sent: number;
  readonly stored: number;
  readonly processed: number;
  /** Sent and not stored. */
  readonly lost: readonly EventCopy[];
  /** Stored and not processed. */
  readonly unprocessed: readonly EventCopy[];
  /** Processed more than once. */
  readonly processedTwice: readonly EventCopy[];
  /** Stored more than once, or never sent. A corrupted event is unexpected, and its original is lost. */
  readonly unexpected: readonly EventCopy[];
}

/** Compares the stream and the bytes of the data only, not the keys that the product computes. */
export function compare(
  sent: readonly EventCopy[],
  stored: readonly EventCopy[],
  processed: readonly EventCopy[],
): Comparison {
  const inSent = count(sent);
  const inStored = count(stored);
  const inProcessed = count(processed);
  const distinct = [...inSent.values()].map(({ event }) => event);
  return {
    sent: inSent.size,
    stored: inStored.size,
    processed: inProcessed.size,
    lost: distinct.filter((event) => !inStored.has(id(event))),
    unprocessed: [...inStored.values()].map(({ event }) => event).filter((event) => !inProcessed.has(id(event))),
    processedTwice: [...inProcessed.values()].filter(({ times }) => times > 1).map(({ event }) => event),
    unexpected: [...inStored.values()]
      .filter(({ event, times }) => times > 1 || !inSent.has(id(event)))
      .map(({ event }) => event),
  };
}

export function isClean({ lost, unprocessed, processedTwice, unexpected }: Comparison): boolean {
  return lost.length + unprocessed.length + processedTwice.length + unexpected.length === 0;
}

function count(events: readonly EventCopy[]): Map<string, { event: EventCopy; times: number }> {
  const counted = new Map<string, { event: EventCopy; times: number }>();
  for (const event of events) {
    const seen = counted.get(id(event));
    if (seen === undefined) counted.set(id(event), { event, times: 1 });
    else seen.times += 1;
  }
  return counted;
}

/** A stream id cannot contain a line feed. */
function id({ streamId, data }: EventCopy): string {
  return `${streamId}\n${data}`;
}
