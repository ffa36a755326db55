import type { ControlAction, ControlRule } from "../contract";
import type { LazyJson } from "../support/json-pointer";

/** An event that says something about the stream, and ends its connection. */
export interface ControlEvent {
  readonly action: Exclude<ControlAction, "ignore">;
  /** Index of the rule in `source.on`. */
  readonly rule: number;
  /** How the event's data begins, for the stream's last error. */
  readonly excerpt: string;
}

const EXCERPT_LENGTH = 200;

export interface Matched {
  readonly data: string | Buffer;
  readonly type: string;
  readonly json: LazyJson;
}

/** Index of the first rule that matches the event; -1 = none does. A rule matches when all of its conditions hold. */
export function matchingRule(rules: readonly ControlRule[], event: Matched): number {
  return rules.findIndex((rule) => matches(rule, event));
}

function matches({ type, text, pointer, equals }: ControlRule, event: Matched): boolean {
  if (type !== undefined && type !== event.type) return false;
  if (text !== undefined && text !== event.data) return false;
  if (pointer === undefined) return true;
  const value = event.json.at(pointer);
  return equals === undefined ? value !== undefined && value !== null : value === equals;
}

/** Does any rule read the event's JSON? */
export function readsJson(rules: readonly ControlRule[]): boolean {
  return rules.some(({ pointer }) => pointer !== undefined);
}

/** The control event that a rule makes of an event; undefined = the event is only ignored. */
export function controlEvent(rules: readonly ControlRule[], rule: number, { data }: Matched): ControlEvent | undefined {
  const { action } = rules[rule]!;
  if (action === "ignore") return undefined;
  return { action, rule, excerpt: data.toString().slice(0, EXCERPT_LENGTH) };
}
