/** A filter of an event source mapping: values or rules by path. */
export type Pattern = { readonly [field: string]: Pattern | readonly Rule[] };

type Scalar = string | number | boolean | null;

/** @see https://docs.aws.amazon.com/lambda/latest/dg/invocation-eventfiltering.html */
export type Rule =
  | Scalar
  | { readonly prefix: string }
  | { readonly suffix: string }
  | { readonly exists: boolean }
  | { readonly "anything-but": Scalar | readonly Scalar[] | { readonly prefix: string } }
  | { readonly "equals-ignore-case": string }
  | { readonly numeric: readonly (string | number)[] };

const RULES = ["prefix", "suffix", "exists", "anything-but", "equals-ignore-case", "numeric"];

/** @throws when it is not a pattern, or uses a rule that is not evaluated here */
export function parsePattern(json: string): Pattern {
  const pattern: unknown = JSON.parse(json);
  checkPattern(pattern, "the pattern");
  return pattern as Pattern;
}

function checkPattern(pattern: unknown, path: string): void {
  if (typeof pattern !== "object" || pattern === null || Array.isArray(pattern)) {
    throw new Error(`Expected ${path} to be an object or a list of values, got ${JSON.stringify(pattern)}.`);
  }
  for (const [field, part] of Object.entries(pattern)) {
    if (!Array.isArray(part)) checkPattern(part, `${path}.${field}`);
    else for (const rule of part) checkRule(rule, `${path}.${field}`);
  }
}

function checkRule(rule: unknown, path: string): void {
  if (typeof rule !== "object" || rule === null) return;
  const [name = ""] = Object.keys(rule);
  if (!RULES.includes(name)) {
    throw new Error(
      `${path} uses the rule ${JSON.stringify(rule)}, which is not evaluated locally: ${RULES.join(", ")} are.`,
    );
  }
}

/** The event must match every field of the pattern. Within a field one rule is enough. */
export function matchesPattern(pattern: Pattern, event: unknown): boolean {
  const fields = typeof event === "object" && event !== null ? (event as Record<string, unknown>) : {};
  return Object.entries(pattern).every(([field, part]) => {
    const value = fields[field];
    if (!Array.isArray(part)) return matchesPattern(part as Pattern, value);
    // A list in the event matches when one of its members matches.
    const values = Array.isArray(value) ? value : [value];
    return part.some((rule: Rule) => values.some((one) => matchesRule(rule, one)));
  });
}

function matchesRule(rule: Rule, value: unknown): boolean {
  if (typeof rule !== "object" || rule === null) return rule === value;
  if ("exists" in rule) return isLeaf(value) === rule.exists;
  if ("prefix" in rule) return typeof value === "string" && value.startsWith(rule.prefix);
  if ("suffix" in rule) return typeof value === "string" && value.endsWith(rule.suffix);
  if ("equals-ignore-case" in rule) {
    return typeof value === "string" && value.toLowerCase() === rule["equals-ignore-case"].toLowerCase();
  }
  if ("numeric" in rule) return typeof value === "number" && inRange(rule.numeric, value);
  const excluded = rule["anything-but"];
  if (value === undefined) return false;
  if (typeof excluded === "object" && excluded !== null && "prefix" in excluded) {
    return typeof value !== "string" || !value.startsWith(excluded.prefix);
  }
  return !([excluded].flat() as unknown[]).includes(value);
}

/** `exists` applies to leaves only, not to objects. */
function isLeaf(value: unknown): boolean {
  return value !== undefined && (typeof value !== "object" || value === null);
}

/** `[">", 0, "<=", 5]` */
function inRange(range: readonly (string | number)[], value: number): boolean {
  for (let index = 0; index + 1 < range.length; index += 2) {
    const bound = Number(range[index + 1]);
    const holds =
      (range[index] === "=" && value === bound) ||
      (range[index] === "<" && value < bound) ||
      (range[index] === "<=" && value <= bound) ||
      (range[index] === ">" && value > bound) ||
      (range[index] === ">=" && value >= bound);
    if (!holds) return false;
  }
  return true;
}
