import { type Comparison, compare } from "../../cli/local/sample/compare";
import type { StoredEvent } from "../../cli/local/stored-events";
import type { ChaosStack } from "./chaos-stack";

/** What upstream's ledger says was sent on a stream, against what is stored and what was processed. */
export function compareStream(
  { feeds, processed }: Pick<ChaosStack, "feeds" | "processed">,
  streamId: string,
  stored: readonly StoredEvent[],
): Comparison {
  const sent = feeds.feed(streamId).sent.map((data) => ({ streamId, data }));
  const kept = stored
    .filter((event) => event.streamId === streamId)
    .map(({ key, data }) => ({ streamId, key, data: data?.toString() ?? "" }));
  const byKey = new Map(kept.map((event) => [event.key, event]));
  const handled = [...processed(streamId)].flatMap(([key, times]) =>
    Array.from({ length: times }, () => byKey.get(key) ?? { streamId, data: key }),
  );
  return compare(sent, kept, handled);
}

/** One sentence, or nothing where all is well. */
export function complaint({ lost, unprocessed, processedTwice, unexpected }: Comparison): string | undefined {
  const wrong = [...lost, ...unprocessed, ...processedTwice, ...unexpected];
  if (wrong.length === 0) return undefined;
  return (
    `${lost.length} lost, ${unprocessed.length} not processed, ${processedTwice.length} processed twice, ` +
    `${unexpected.length} never sent; the first: ${wrong[0]!.data}`
  );
}
