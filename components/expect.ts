/** Checks of arguments: each throws an Error that names the argument, what is allowed and the value seen. */

export function expect(holds: boolean, what: string, allowed: string, seen: unknown): asserts holds {
  if (!holds)
    throw new Error(`Expected ${what} to be ${allowed}, got ${typeof seen === "string" ? `"${seen}"` : String(seen)}.`);
}

export function integer(what: string, value: number, min: number, max: number): number {
  expect(Number.isInteger(value) && value >= min && value <= max, `\`${what}\``, `${min}..${max}`, value);
  return value;
}

export const memory = (what: string, value: number) => integer(what, value, 128, 10_240);

export function oneOf<T extends string>(what: string, choices: Readonly<Record<string, T>>, value: string): T {
  const allowed = Object.values(choices);
  expect(allowed.includes(value as T), `\`${what}\``, allowed.map((choice) => `"${choice}"`).join(" | "), value);
  return value as T;
}
