import { type Comparison, compare } from "../../cli/local/sample/compare";
import type { StoredEvent } from "../../cli/local/stored-events";
import { groupBy } from "../../runtime/support/group-by";
import type { ChaosStack } from "./chaos-stack";

/** Compares what the upstream sent on a stream with what is stored and processed. */
export function compareStream(
  { feeds, processed }: Pick<ChaosStack, "feeds" | "processed">,
  streamId: string,
  stored: readonly StoredEvent[],
): Comparison {
  const sent = feeds.feed(streamId).sent.map((data) => ({ streamId, data }));
  const copies = stored
    .filter((event) => event.streamId === streamId)
    .map(({ item, data }) => ({ streamId, item, data: data?.toString() ?? "" }));
  // An item is one event, or a pack.
  const byItem = groupBy(copies, ({ item }) => item);
  const processedCopies = [...processed(streamId)].flatMap(([item, times]) =>
    Array.from({ length: times }, () => byItem.get(item) ?? [{ streamId, data: item }]).flat(),
  );
  return compare(sent, copies, processedCopies);
}

/** A message about the differences, if there are any. */
export function problemOf({ lost, unprocessed, processedTwice, unexpected }: Comparison): string | undefined {
  const wrong = [...lost, ...unprocessed, ...processedTwice, ...unexpected];
  if (wrong.length === 0) return undefined;
  return (
    `${lost.length} lost, ${unprocessed.length} not processed, ${processedTwice.length} processed twice, ` +
    `${unexpected.length} never sent; the first: ${wrong[0]!.data}`
  );
}
