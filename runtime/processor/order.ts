import { compareSequence } from "../data/sequence";
import type { Arrival } from "./load";

/** The streams of a batch, in the order they appear in it; each one's events by sequence. */
export function byStream(arrived: readonly Arrival[]): Arrival[][] {
  const streams = new Map<string, Arrival[]>();
  for (const arrival of arrived) {
    const events = streams.get(arrival.streamId);
    if (events) events.push(arrival);
    else streams.set(arrival.streamId, [arrival]);
  }
  return [...streams.values()].map((events) => events.sort((a, b) => compareSequence(a.sequence, b.sequence)));
}
