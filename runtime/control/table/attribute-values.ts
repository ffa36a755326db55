/** A typed value in DynamoDB's JSON format. */
export interface AttributeValue {
  readonly S?: string;
  readonly N?: string;
  readonly BOOL?: boolean;
  readonly SS?: readonly string[];
  readonly L?: readonly AttributeValue[];
  readonly M?: Readonly<Record<string, AttributeValue>>;
}

/** Converts a string, number, boolean, list or map. {@link fromAttribute} also reads string sets, as lists. */
export function toAttribute(value: unknown): AttributeValue {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (Array.isArray(value)) return { L: value.map(toAttribute) };
  if (typeof value === "object" && value !== null) {
    const entries = Object.entries(value).filter(([, field]) => field !== undefined);
    return { M: Object.fromEntries(entries.map(([name, field]) => [name, toAttribute(field)])) };
  }
  throw new TypeError(`Expected a string, number, boolean, list or map for the connection table, got ${typeof value}.`);
}

export function fromAttribute(value: AttributeValue): unknown {
  if (value.S !== undefined) return value.S;
  if (value.N !== undefined) return Number(value.N);
  if (value.BOOL !== undefined) return value.BOOL;
  if (value.SS) return value.SS;
  if (value.L) return value.L.map(fromAttribute);
  if (value.M) return Object.fromEntries(Object.entries(value.M).map(([name, field]) => [name, fromAttribute(field)]));
  return undefined;
}
