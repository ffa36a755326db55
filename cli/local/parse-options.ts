import { InvalidArgumentError } from "commander";

/** `KEY=VALUE`, collected over repetitions. The value may hold further equal signs. */
export function keyValue(text: string, before: Readonly<Record<string, string>> = {}): Record<string, string> {
  const at = text.indexOf("=");
  if (at < 1) throw new InvalidArgumentError("Expected KEY=VALUE.");
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}

/** A port; 0 takes any free one. */
export function port(text: string): number {
  return whole(text, 0, 65_535);
}

/** Seconds of a hop: below 5 the protocol has no room left for a hand-over, above 900 Lambda ends the invocation. */
export function hopSeconds(text: string): number {
  return whole(text, 5, 900);
}

/** Text values, collected over repetitions. */
export function collect(text: string, before: readonly string[] = []): string[] {
  return [...before, text];
}

function whole(text: string, from: number, to: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= from && value <= to) return value;
  throw new InvalidArgumentError(`Expected a whole number in ${from}..${to}.`);
}
