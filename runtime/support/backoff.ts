/** Exponential backoff with full jitter: the cap first, then a random part of it. `attempt` 0 is the first wait. */
export function backoffMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
