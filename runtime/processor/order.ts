import { compareSequence } from "../data/sequence";
import { groupBy } from "../support/group-by";
import type { Arrival } from "./load";

/** The streams of a batch, in the order they appear in it; each one's events by sequence. */
export function byStream(arrived: readonly Arrival[]): Arrival[][] {
  const streams = groupBy(arrived, ({ streamId }) => streamId).values();
  return [...streams].map((events) => events.sort((a, b) => compareSequence(a.sequence, b.sequence)));
}
