/**
 * Returns the value at a JSON pointer (RFC 6901) of a parsed document, or undefined. Looks at own properties only, so
 * `/constructor` finds nothing.
 */
function atPointer(document: unknown, pointer: string): unknown {
  if (pointer === "") return document;
  let value = document;
  for (const part of pointer.slice(1).split("/")) {
    const name = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** A JSON document, parsed at the first access. Data that is not JSON has no values. */
export interface LazyJson {
  at(pointer: string): unknown;
  /** The value as text: a string without quotes, a number with the digits that were received. Undefined if missing or null. */
  textAt(pointer: string): string | undefined;
}

export function lazyJson(data: string | Buffer): LazyJson {
  let document: unknown;
  let parsed = false;
  const at = (pointer: string): unknown => {
    if (!parsed) {
      document = typeof data === "string" ? parse(data) : undefined;
      parsed = true;
    }
    return atPointer(document, pointer);
  };
  return {
    at,
    textAt(pointer) {
      const value = at(pointer);
      if (value === undefined || value === null) return undefined;
      if (typeof value === "string") return value;
      // A double loses digits of large ids and of decimals: return the number's source text.
      if (typeof value === "number") return String(atPointer(parse(data as string, sourceOfNumbers), pointer));
      return JSON.stringify(value);
    },
  };
}

/** For events whose content is not inspected. */
export const NO_JSON: LazyJson = { at: () => undefined, textAt: () => undefined };

type SourceReviver = (key: string, value: unknown, context: { source: string }) => unknown;
const sourceOfNumbers: SourceReviver = (_key, value, context) => (typeof value === "number" ? context.source : value);

function parse(text: string, reviver?: SourceReviver): unknown {
  try {
    return JSON.parse(text, reviver as Parameters<typeof JSON.parse>[1]);
  } catch {
    return undefined;
  }
}
