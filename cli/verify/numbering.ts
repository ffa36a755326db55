import { lazyJson } from "pulumi-stream-ingestion/internal";
import type { Numbering, StoredItem } from "./checks";

/**
 * Finds gaps in the numbers that the upstream gives its events. This proof of completeness uses none of the product's
 * counters. It covers the range from the lowest to the highest stored number: outside of it no connection was open.
 */
export function numberingOf(items: readonly StoredItem[], pointer: string): Numbering {
  const numbers = items.map(({ data }) => numberAt(data, pointer));
  const sorted = [...new Set(numbers.filter((number) => number !== undefined))].sort((a, b) => a - b);
  const gaps = sorted
    .slice(1)
    .map((number, at) => ({ after: sorted[at] ?? number, count: number - (sorted[at] ?? 0) - 1 }));
  return {
    pointer,
    missing: gaps.reduce((sum, { count }) => sum + count, 0),
    firstGapAfter: gaps.find(({ count }) => count > 0)?.after,
    unreadable: numbers.filter((number) => number === undefined).length,
  };
}

/** The integer at a JSON pointer (RFC 6901), also when it is written as text. */
function numberAt(data: string, pointer: string): number | undefined {
  const value = lazyJson(data).at(pointer);
  const number = typeof value === "string" ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}
