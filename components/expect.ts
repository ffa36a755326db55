import * as pulumi from "@pulumi/pulumi";

/** Checks of arguments. Each throws an Error that names the argument, what is allowed and the value. */

export function expect(condition: boolean, argument: string, allowed: string, value: unknown): asserts condition {
  expectThat(condition, `${argument} to be ${allowed}`, shown(value));
}

/** As {@link expect}, with `got` in words: for values that are secret, missing or more than one. */
export function expectThat(condition: boolean, expected: string, got: string): asserts condition {
  if (!condition) throw new Error(`Expected ${expected}, got ${got}.`);
}

/** `got` of a secret argument. */
export const SECRET_VALUE = "a value that is not shown because it is a secret";

export function integer(argument: string, value: number, min: number, max: number): number {
  expect(Number.isInteger(value) && value >= min && value <= max, `\`${argument}\``, `${min}..${max}`, value);
  return value;
}

export const memory = (argument: string, value: number) => integer(argument, value, 128, 10_240);

export function oneOf<T extends string>(argument: string, choices: Readonly<Record<string, T>>, value: string): T {
  const allowed = Object.values(choices);
  expect(allowed.includes(value as T), `\`${argument}\``, allowed.map((choice) => `"${choice}"`).join(" | "), value);
  return value as T;
}

export function text(argument: string, value: string | undefined): string {
  expect(typeof value === "string" && value !== "", `\`${argument}\``, "a non-empty string", value);
  return value;
}

export function pointer(argument: string, value: string | undefined): string {
  expect(/^(\/([^~/]|~[01])*)+$/.test(value ?? ""), `\`${argument}\``, 'a JSON pointer such as "/id"', value);
  return value as string;
}

/** Checks that `value` is an object without other keys. */
export function onlyKeys(argument: string, value: unknown, keys: readonly string[], example: string): void {
  const shape = `an object such as ${example}`;
  expect(typeof value === "object" && value !== null && !Array.isArray(value), `\`${argument}\``, shape, value);
  const unknown = Object.keys(value as object).find((key) => !keys.includes(key));
  if (unknown !== undefined)
    throw new Error(
      `Expected \`${argument}\` to have only the keys ${keys.join(", ")}, got "${unknown}". Example: ${example}.`,
    );
}

function shown(value: unknown): string {
  if (pulumi.Output.isInstance(value)) return "an Output";
  if (value instanceof Promise) return "a promise";
  if (typeof value === "function") return "a function";
  if (typeof value === "string") return `"${value}"`;
  return typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
}
