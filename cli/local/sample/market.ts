/** A price of a fictional market. */
export interface Tick {
  readonly seq: number;
  /** The event's data: one line of JSON, different for every tick of a market. */
  readonly data: string;
}

/** Each call returns the next tick of one instrument, a random walk. @param random returns numbers in [0, 1) */
export function market(instrument: string, random: () => number): (atMs: number) => Tick {
  let seq = 0;
  let mid = 100 + 20 * random();
  return (atMs) => {
    seq += 1;
    mid *= 1 + (random() - 0.5) / 5_000;
    const spread = mid / 20_000;
    const time = new Date(atMs).toISOString();
    const [bid, ask] = [mid - spread, mid + spread].map((price) => price.toFixed(5));
    return { seq, data: JSON.stringify({ type: "PRICE", instrument, seq, time, bid, ask }) };
  };
}
