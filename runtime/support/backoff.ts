/** Exponential backoff with full jitter: a random part of the capped delay. `attempt` is 0 for the first wait. */
export function backoffMs(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
