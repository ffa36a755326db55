/** Checks of arguments: each throws an Error that names the argument, what is allowed and the value seen. */

export function expect(holds: boolean, what: string, allowed: string, seen: unknown): asserts holds {
  if (!holds) throw new Error(`Expected ${what} to be ${allowed}, got ${shown(seen)}.`);
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

export function text(what: string, value: string | undefined): string {
  expect(typeof value === "string" && value !== "", `\`${what}\``, "given", value);
  return value;
}

export function pointer(what: string, value: string | undefined): string {
  expect(/^(\/([^~/]|~[01])*)+$/.test(value ?? ""), `\`${what}\``, "a JSON pointer such as /id", value);
  return value as string;
}

/** An object with no other keys than these. */
export function onlyKeys(what: string, value: unknown, keys: readonly string[], example: string): void {
  const shape = `an object such as ${example}`;
  expect(typeof value === "object" && value !== null && !Array.isArray(value), `\`${what}\``, shape, value);
  const unknown = Object.keys(value as object).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw new Error(`Expected \`${what}\` to have the keys ${keys.join(", ")}, got "${unknown}". Example: ${example}.`);
}

function shown(value: unknown): string {
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
