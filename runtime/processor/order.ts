import { compareSequence } from "../data/sequence";
import type { Arrival } from "./load";

/** The streams of a batch, in the order they appear in it; each one's events by sequence. */
export function byStream(arrived: readonly Arrival[]): Arrival[][] {
  const streams = Map.groupBy(arrived, ({ streamId }) => streamId);
  return [...streams.values()].map((events) => events.sort((a, b) => compareSequence(a.sequence, b.sequence)));
}
