/** What the placeholders stand for. A placeholder without an entry here stays as it is. */
export interface Values {
  readonly streamId?: string;
  /** Undefined: the stream starts without a position, and the placeholder is replaced by nothing. */
  readonly position?: string | undefined;
  readonly key?: string | undefined;
}

const PLACEHOLDER = /\{(streamId|position|key)\}/g;

/** `text` with its placeholders replaced, in one pass: a value that looks like a placeholder is not replaced again. */
export function fill(text: string, values: Values, encode = (value: string) => value): string {
  return text.replace(PLACEHOLDER, (placeholder, name: keyof Values) =>
    name in values ? encode(values[name] ?? "") : placeholder,
  );
}

/** `value` as a part of a JSON string. */
export function jsonEscaped(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

/**
 * The request body. In a JSON body, the values are replaced inside the strings, so that they cannot change its structure; a
 * member whose text has `{position}` is left out when there is no position. Any other body is text.
 */
export function fillBody(body: string, values: Values): string {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    return fill(body, values);
  }
  return JSON.stringify(fillJson(json, values));
}

function fillJson(value: unknown, values: Values): unknown {
  if (typeof value === "string") return needs(value, values) ? undefined : fill(value, values);
  if (Array.isArray(value))
    return value.filter((element) => !needs(element, values)).map((element) => fillJson(element, values));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fillJson(member, values)]));
}

function needs(value: unknown, { position }: Values): boolean {
  return typeof value === "string" && value.includes("{position}") && position === undefined;
}
