import { type Comparison, compare } from "../../cli/local/sample/compare";
import type { StoredEvent } from "../../cli/local/stored-events";
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
    .map(({ key, data }) => ({ streamId, key, data: data?.toString() ?? "" }));
  const byKey = new Map(copies.map((event) => [event.key, event]));
  const processedCopies = [...processed(streamId)].flatMap(([key, times]) =>
    Array.from({ length: times }, () => byKey.get(key) ?? { streamId, data: key }),
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
