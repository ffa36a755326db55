/** Where a generation begins: when the first event of its first pack was received, in epoch milliseconds. */
export interface GenerationStart {
  readonly generation: number;
  readonly receivedAt: number;
}

/** Reads of single packs. */
export interface GenerationStarts {
  /** The first one with packs, at or after this number. Undefined: there is none. */
  from(generation: number): Promise<GenerationStart | undefined>;
  /** The highest number with packs. Undefined: there are no packs. */
  last(): Promise<number | undefined>;
}

/** The owners of two generations can read at the same time: this is longer than a handover and a lease. */
const OVERLAP_MS = 120_000;

/**
 * The generations, both included, whose packs can have events received from `from` to before `to`, in epoch milliseconds. A pack's sort key
 * begins with its generation, and generations begin in the order of time: each bound is a binary search, which reads one pack a step.
 */
export async function generationRange(
  { from, to }: { readonly from: number; readonly to: number },
  starts: GenerationStarts,
): Promise<{ readonly first: number; readonly last: number } | undefined> {
  const oldest = await starts.from(0);
  const newest = await starts.last();
  if (oldest === undefined || newest === undefined) return undefined;
  /** The last one that begins until this time, at least the oldest. */
  const until = async (time: number): Promise<number> => {
    let [low, high] = [oldest.generation, newest + 1];
    while (high - low > 1) {
      const middle = Math.floor((low + high) / 2);
      const start = await starts.from(middle);
      if (start !== undefined && start.receivedAt <= time) low = start.generation;
      else high = middle;
    }
    return low;
  };
  return { first: await until(from - OVERLAP_MS), last: await until(to + OVERLAP_MS) };
}
