/** An event by where it belongs and what it says. */
export interface EventCopy {
  readonly streamId: string;
  readonly data: string;
}

/** What became of everything an upstream sent, each list event by event. */
export interface Comparison {
  readonly sent: number;
  readonly stored: number;
  readonly processed: number;
  /** Sent and not stored. */
  readonly lost: readonly EventCopy[];
  /** Stored and not processed. */
  readonly unprocessed: readonly EventCopy[];
  /** Processed more than once. */
  readonly doubled: readonly EventCopy[];
  /** Stored more than once, or never sent: a mangled event is one of these and one of the lost. */
  readonly foreign: readonly EventCopy[];
}

/** Compares by stream and by the bytes of the data alone: the keys that the product computes play no part. */
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
    doubled: [...inProcessed.values()].filter(({ times }) => times > 1).map(({ event }) => event),
    foreign: [...inStored.values()]
      .filter(({ event, times }) => times > 1 || !inSent.has(id(event)))
      .map(({ event }) => event),
  };
}

export function isClean({ lost, unprocessed, doubled, foreign }: Comparison): boolean {
  return lost.length + unprocessed.length + doubled.length + foreign.length === 0;
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

/** Stream ids hold no line feed. */
function id({ streamId, data }: EventCopy): string {
  return `${streamId}\n${data}`;
}
