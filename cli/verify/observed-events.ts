import { contentKey, type IdentitySettings } from "pulumi-stream-ingestion/internal";
import { printable } from "../terminal";
import type { Check } from "./check";
import type { StoredItem } from "./checks";

/** An event that the second connection received, as digests, so that a long run needs little memory. */
export interface ObservedEvent {
  /** The key under the deployment's `events.identity`; under `arrival`, the digest of the content. */
  readonly key: string;
  /** Digest of type and data. */
  readonly content: string;
  /** The first characters of its data, for the report. */
  readonly beginning: string;
}

/** What the second connection received. */
export interface ObservedEvents {
  /** Distinct events in the order of their first receipt, without those that the deployment ignores. */
  readonly events: readonly ObservedEvent[];
  /** Whether the upstream accepted the connection. */
  readonly opened: boolean;
  /** Why the connection ended before the check; absent = it stayed open to the end. */
  readonly ended?: string;
}

const WHAT = "everything a second connection received is stored";

/**
 * Looks in the table for the events of the second connection. This proof uses none of the product's counters. It compares
 * the events from the first to the last that is stored: outside of that range the relay may not have been connected.
 *
 * An event counts as stored when an item has its type and data, under any key. Its key counts instead under the identities
 * `sse-id` and `pointer`, because the table then has the last copy, and for items whose data is in the bucket.
 */
export function observedEventsCheck(
  { events, opened, ended }: ObservedEvents,
  items: readonly StoredItem[],
  identity: IdentitySettings,
): Check {
  if (!opened) return result("failed", `it could not connect: ${ended}`);
  const until = ended === undefined ? "" : `; it ended early: ${ended}`;
  if (events.length === 0) return result("not checked", `it received no event${until}`);

  const byKey = identity.kind === "sse-id" || identity.kind === "pointer";
  const contents = new Set(items.filter(({ inBucket }) => !inBucket).map(({ data, type }) => contentKey(data, type)));
  const keys = new Set(items.filter(({ inBucket }) => byKey || inBucket).map(({ key }) => key));
  const isStored = ({ key, content }: ObservedEvent) => contents.has(content) || keys.has(key);

  const first = events.findIndex(isStored);
  if (first === -1)
    return result(
      "failed",
      `none of the ${events.length} received events is stored. Is --upstream the deployment's upstream, and does it send every connection the same events?${until}`,
    );
  const compared = events.slice(first, events.findLastIndex(isStored) + 1);
  const missing = compared.filter((event) => !isStored(event));
  const outside = events.length - compared.length;
  const note = outside === 0 ? "" : ` (${outside} more were received before or after the compared range)`;
  const [lost] = missing;
  if (lost !== undefined)
    return result(
      "failed",
      `${missing.length} of ${compared.length} missing${note}, the first: ${lost.key} ${printable(lost.beginning)}${until}`,
    );
  return result(
    ended === undefined ? "passed" : "not checked",
    `${compared.length} received, 0 missing${note}${until}`,
  );
}

function result(outcome: Check["result"], detail: string): Check {
  return { what: WHAT, result: outcome, detail };
}
