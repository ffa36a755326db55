/** What replaces `{streamId}` and `{position}`. */
export interface Values {
  readonly streamId: string;
  /** Absent: the stream starts without a position. */
  readonly position?: string;
}

export function fill(text: string, { streamId, position = "" }: Values, encode = (value: string) => value): string {
  return text.replaceAll("{streamId}", encode(streamId)).replaceAll("{position}", encode(position));
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
