/** What the n-th event of the soak's upstream is. Everything is a function of n, so that a replay sends the same text. */
export type SoakKind = "new" | "repeat" | "old-repeat" | "heartbeat" | "oversize" | "large";

/** Of `events.maxEventBytes` in the soak's program. */
export const MAX_EVENT_BYTES = 600_000;
/** Larger than an item: stored in the bucket. */
const LARGE_BYTES = 580_000;
/** More than the relay remembers (runtime/data/event-pipeline.ts), with a margin. */
const BEYOND_MEMORY = 20_000;

function soakKind(n: number): SoakKind {
  if (n % 5_000 === 0) return "oversize";
  if (n % 5_000 === 2_500) return "large";
  if (n % 100 === 50) return "heartbeat";
  if (n % 25 === 3) return "repeat";
  if (n % 40 === 7 && n > BEYOND_MEMORY) return "old-repeat";
  return "new";
}

export function soakData(streamId: string, n: number): string {
  switch (soakKind(n)) {
    case "oversize":
      return JSON.stringify({ streamId, n, filler: "x".repeat(MAX_EVENT_BYTES) });
    case "large":
      return JSON.stringify({ streamId, n, filler: noise(n) });
    case "heartbeat":
      return JSON.stringify({ type: "heartbeat", n });
    case "repeat":
      return soakData(streamId, n - 1);
    case "old-repeat":
      // Of the same remainder minus 1, which is a new event.
      return soakData(streamId, n - BEYOND_MEMORY - 1);
    case "new":
      return JSON.stringify({ streamId, n, price: (n * 7919) % 100_003 });
  }
}

/** Text that does not compress. */
function noise(seed: number): string {
  const bytes = Buffer.alloc((LARGE_BYTES * 3) / 4);
  let state = seed;
  for (let at = 0; at < bytes.length; at += 4) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes.writeUInt32LE(state, at);
  }
  return bytes.toString("base64");
}

/** Distinct events that must be in the table after `count` events. */
export function expectedItems(count: number): number {
  return storable(count).length;
}

/** The numbers of the distinct events that must be in the table, of the first `count`. */
export function storable(count: number): number[] {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  return numbers.filter((n) => ["new", "large"].includes(soakKind(n)));
}
