import { type AttributeValue, toAttribute } from "./attribute-values";
import type { Clause, Path, RowChange } from "./row-change";

export interface UpdateExpression {
  readonly UpdateExpression: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, AttributeValue>;
}

/** Converts a change to DynamoDB expressions. Every name is a placeholder because `owner` and `status` are reserved words. */
export function toUpdateExpression(change: RowChange): UpdateExpression {
  const names: Record<string, string> = {};
  const values: Record<string, AttributeValue> = {};
  const name = (path: Path) =>
    path
      .split(".")
      .map((part) => {
        names[`#${part}`] = part;
        return `#${part}`;
      })
      .join(".");
  const value = (plain: unknown) => {
    const placeholder = `:v${Object.keys(values).length}`;
    values[placeholder] = toAttribute(plain);
    return placeholder;
  };
  const number = (path: Path) => `if_not_exists(${name(path)}, ${value(0)})`;
  const moved = ({ from, to }: { from: Path; to: Path }) => [
    `${name(to)} = ${number(to)} + ${number(from)}`,
    `${name(from)} = ${value(0)}`,
  ];
  const condition = (clause: Clause): string => {
    if ("equals" in clause) return `${name(clause.equals[0])} = ${value(clause.equals[1])}`;
    if ("differs" in clause) return `${name(clause.differs[0])} <> ${value(clause.differs[1])}`;
    if ("absent" in clause) return `attribute_not_exists(${name(clause.absent)})`;
    if ("present" in clause) return `attribute_exists(${name(clause.present)})`;
    if ("atMost" in clause) return `${name(clause.atMost[0])} <= ${value(clause.atMost[1])}`;
    if ("anyOf" in clause) return `(${clause.anyOf.map(condition).join(" OR ")})`;
    return `(${clause.allOf.map(condition).join(" AND ")})`;
  };

  const entries = Object.entries(change.set);
  const sets = [
    ...(change.copy ?? []).map(
      ({ from, to, otherwise }) => `${name(to)} = if_not_exists(${name(from)}, ${value(otherwise)})`,
    ),
    ...entries.filter(([, plain]) => plain !== undefined).map(([path, plain]) => `${name(path)} = ${value(plain)}`),
    // ADD works on top-level attributes only, and the counters are in a map.
    ...Object.entries(change.add ?? {}).map(([path, amount]) => `${name(path)} = ${number(path)} + ${value(amount)}`),
    ...(change.move ? moved(change.move) : []),
  ];
  const removes = entries.filter(([, plain]) => plain === undefined).map(([path]) => name(path));
  const conditions = change.when.map(condition);
  return {
    UpdateExpression: [
      ...(sets.length ? [`SET ${sets.join(", ")}`] : []),
      ...(removes.length ? [`REMOVE ${removes.join(", ")}`] : []),
    ].join(" "),
    ...(conditions.length && { ConditionExpression: conditions.join(" AND ") }),
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length && { ExpressionAttributeValues: values }),
  };
}
