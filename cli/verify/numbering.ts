import type { Numbering, SeenItem } from "./checks";

/**
 * Looks for holes in the numbers that upstream itself gives its events: the one proof of completeness that does not rely
 * on what the product counted. The first and the last number are whatever was seen: before and after, nobody listened.
 */
export function numberingOf(items: readonly SeenItem[], pointer: string): Numbering {
  const numbers = items.map(({ data }) => numberAt(data, pointer));
  const seen = [...new Set(numbers.filter((number) => number !== undefined))].sort((a, b) => a - b);
  const holes = seen.slice(1).map((number, at) => ({ after: seen[at] ?? number, count: number - (seen[at] ?? 0) - 1 }));
  return {
    pointer,
    missing: holes.reduce((sum, { count }) => sum + count, 0),
    firstHoleAfter: holes.find(({ count }) => count > 0)?.after,
    unreadable: numbers.filter((number) => number === undefined).length,
  };
}

/** An integer at a JSON pointer (RFC 6901). */
function numberAt(data: string, pointer: string): number | undefined {
  let value: unknown;
  try {
    value = JSON.parse(data);
  } catch {
    return undefined;
  }
  for (const part of pointer.split("/").slice(1)) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    value = typeof value === "object" && value !== null ? (value as Record<string, unknown>)[name] : undefined;
  }
  const number = typeof value === "string" ? Number(value) : value;
  return Number.isSafeInteger(number) ? (number as number) : undefined;
}
