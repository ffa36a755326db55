import { compareSequence } from "../data/sequence";
import { groupBy } from "../support/group-by";
import type { PendingEvent } from "./load";

/** The events of a batch grouped by stream, in order of first appearance, sorted by sequence within each stream. */
export function byStream(pending: readonly PendingEvent[]): PendingEvent[][] {
  const streams = groupBy(pending, ({ streamId }) => streamId).values();
  return [...streams].map((events) => events.sort((a, b) => compareSequence(a.sequence, b.sequence)));
}
