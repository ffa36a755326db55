import type { IdentitySettings } from "../../runtime/contract";
import { contentKey } from "../../runtime/data/identity";
import { printable } from "../terminal";
import type { Check, SeenItem } from "./checks";

/** An event as a second connection saw it. Digests, so that a long run over large events stays small. */
export interface WitnessedEvent {
  /** What the deployment's `events.identity` takes for one event; under `arrival`, the content. */
  readonly key: string;
  /** Digest of type and data. */
  readonly content: string;
  /** How its data begins, to find it by. */
  readonly beginning: string;
}

/** What a second connection has to tell. */
export interface Testimony {
  /** Distinct events in the order in which they came, without those that the deployment ignores. */
  readonly events: readonly WitnessedEvent[];
  /** Whether upstream let it in. */
  readonly opened: boolean;
  /** Why it ended before the check did; absent = it listened to the end. */
  readonly ended?: string;
}

const WHAT = "everything a second connection saw is stored";

/**
 * Looks for what a second connection saw in the table: a proof that relies on none of the product's counters. Judged is
 * what it saw from the first to the last event that is stored: before and after, the relay may not have listened.
 *
 * Stored is an event whose type and data stand in an item, whatever key that has. By key go events that are one by name
 * (`sse-id`, `pointer`), where the table holds the last copy, and those whose data lies in the bucket.
 */
export function witnessCheck(
  { events, opened, ended }: Testimony,
  items: readonly SeenItem[],
  identity: IdentitySettings,
): Check {
  if (!opened) return verdict("missed", `it was not let in: ${ended}`);
  const until = ended === undefined ? "" : `; it ended early: ${ended}`;
  if (events.length === 0) return verdict("not seen", `it brought no event${until}`);

  const byName = identity.kind === "sse-id" || identity.kind === "pointer";
  const contents = new Set(items.filter(({ inBucket }) => !inBucket).map(({ data, type }) => contentKey(data, type)));
  const keys = new Set(items.filter(({ inBucket }) => byName || inBucket).map(({ key }) => key));
  const isStored = ({ key, content }: WitnessedEvent) => contents.has(content) || keys.has(key);

  const first = events.findIndex(isStored);
  if (first === -1)
    return verdict(
      "missed",
      `none of the ${events.length} it saw is stored: is it the deployment's upstream, and does that send every connection the same?${until}`,
    );
  const judged = events.slice(first, events.findLastIndex(isStored) + 1);
  const missing = judged.filter((event) => !isStored(event));
  const unjudged = events.length - judged.length;
  const beside = unjudged === 0 ? "" : ` (${unjudged} more came before or after what both saw)`;
  const [lost] = missing;
  if (lost !== undefined)
    return verdict(
      "missed",
      `${missing.length} of ${judged.length} missing${beside}, the first: ${lost.key} ${printable(lost.beginning)}${until}`,
    );
  return verdict(ended === undefined ? "passed" : "not seen", `${judged.length} seen, 0 missing${beside}${until}`);
}

function verdict(result: Check["result"], detail: string): Check {
  return { what: WHAT, result, detail };
}
